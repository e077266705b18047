"""FTP dialogues told to framer, guard and explainer; the course's own among them."""

from __future__ import annotations

from tests.protocols.dialogue import Telling, Turn

_told = Telling("ftp")
frame, guarded, explained = _told.frame, _told.guarded, _told.explained


def turns_of(text: str) -> list[Turn]:
    """A dialogue as the course writes it: ``S: 220 ...`` and ``C: USER ...``, a line each."""
    return [
        ("C" if line.startswith("C") else "S", line[3:].encode() + b"\r\n")
        for line in text.strip().splitlines()
    ]


COURSE = turns_of("""
S: 220 FTP Server ready.
C: USER anonymous
S: 331 Send your e-mail as password
C: PASS guest@example.com
S: 230 User guest logged in. Access restrictions apply
C: PORT 127,0,0,1,156,65
S: 200 PORT command successful
C: LIST
S: 150 Opening ASCII mode data connection for file list
S: 226 Transfer complete
C: TYPE I
S: 200 Type set to I
C: PASV
S: 227 Entering Passive Mode (127,0,0,1,156,66).
C: RETR project.dat
S: 150 Opening BINARY mode data connection for project.dat (1234 bytes)
S: 226 Transfer complete
C: QUIT
S: 221 Goodbye.
""")
SIGN_IN = turns_of("""
S: 220 ready
C: USER ann
S: 331 password
C: PASS secret-1
S: 230 in
""")
LONG = [
    *SIGN_IN,
    *turns_of("""
C: FEAT
S: 211-Features:
S:  MDTM
S:  MLST type*;size*;modify*;UNIX.mode*;
S:  AUTH TLS
S:  X-OWN thing
S: 211 End
C: MLST a.dat
S: 250-Listing
S:  type=file;size=12;modify=20260102030405; a.dat
S: 250 End
C: STAT sub
S: 213-Status
S: total 4
S: -rw-r--r-- 1 ann ann 12 Jan  2 12:34 a.dat
S: 213 End
C: HELP
S: 214-The following commands are recognized (* =>'s unimplemented):
S:  USER PASS ACCT* CWD
S: 214 Direct comments to root
C: RNFR a.dat
S: 350 there
C: RNTO b.dat
S: 250 renamed
C: REST 6
S: 350 Restarting at 6
C: EPSV
S: 229 Entering Extended Passive Mode (|||40001|)
C: RETR b.dat
S: 150 here it comes
C: ABOR
S: 426 aborted
S: 226 closed
C: PWD
S: 257 "/a ""b"" c" is current
"""),
]
