// The socket: it comes back by itself when it breaks, later and later.
import { room } from "./room.js";

let socket = null, wait = 500;

export const open = () => socket?.readyState === WebSocket.OPEN;
export const opening = () => socket?.readyState === WebSocket.CONNECTING;

export function send(told) { if (open()) socket.send(JSON.stringify(told)); return open(); }

// ``hears`` has a function for each word that is told; ``opened`` and ``closed`` are called as the line comes and goes.
export function connect({ hears, opened, closed }) {
  const place = new URL(room.dataset.socket, location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  let beat;
  socket.onopen = () => { wait = 500; opened(); beat = setInterval(() => send({ do: "here" }), 25000); };
  socket.onmessage = (event) => { for (const told of JSON.parse(event.data)) (hears[told.told] ?? (() => {}))(told); };
  socket.onclose = (event) => {
    clearInterval(beat);
    closed();
    if (event.code === 4403) { location.reload(); return; }
    setTimeout(() => connect({ hears, opened, closed }), wait * (0.7 + Math.random() * 0.6));
    wait = Math.min(wait * 2, 10000);
  };
}
