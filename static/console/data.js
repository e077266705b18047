// FTP's second connection, beside the first: what came over it, or what is to go.
export class Data {
  constructor(root, say) { this.root = root; this.say = say; }
  take() {}
}
