"""What the server says, where pyftpdlib's own words are unclear or their code is not the RFC's."""

from __future__ import annotations

CLEARER = {
    "550 Not enough privileges.": "550 You may not do that here.",
    "230 Ready for new user.": "220 Signed out; ready for a new user.",
    "220 Other commands other than EPSV are now disabled.": "200 Only EPSV from now on.",
    "200 I successfully did nothing'.": "200 Still here.",
    "202 No storage allocation necessary.": "200 Nothing has to be allocated.",
    "550 SIZE not allowed in ASCII mode.": "550 SIZE is told in binary mode only: TYPE I first.",
    "501 Resuming transfers not allowed in ASCII mode.": "501 REST works in binary mode only: TYPE I first.",
    "502 Unrecognized encryption type (use TLS or SSL).": "504 Only AUTH TLS is offered.",
    "501 No such directory.": "501 That is no directory.",
    "521 PROT S unsupported (use C or P).": "536 TLS knows PROT C and PROT P only.",
    "521 PROT E unsupported (use C or P).": "536 TLS knows PROT C and PROT P only.",
    "502 Unrecognized PROT type (use C or P).": "504 PROT is followed by C or P.",
}
"""What pyftpdlib says, where RFCs want another code or a person another word."""
