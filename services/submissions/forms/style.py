"""How the pages of a form look: for an old phone first. The hash lets a page's policy allow this style and no other."""

import base64
import hashlib
from typing import Final

STYLE: Final = """
*{box-sizing:border-box}
body{font:18px/1.65 Sarabun,"TH Sarabun New","Noto Sans Thai",system-ui,sans-serif;margin:0;color:#1b1f24;
background:#f3f5f8}
main{max-width:34rem;margin:0 auto;padding:1.2rem 1.1rem 2rem;background:#fff;min-height:100vh}
h1{font-size:1.45rem;line-height:1.35;margin:.2rem 0 .1rem}p{margin:.6rem 0}
h1 [lang=en]{font-size:.65em}
[lang=en]{display:block;color:#57606a;font-size:.82em;line-height:1.45;font-weight:400}
dl{margin:1rem 0;border:1px solid #d0d7de;border-radius:.5rem;padding:.4rem .9rem .7rem}
dt{margin-top:.5rem;color:#57606a;font-size:.85em}dt [lang=en]{display:inline}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
label{display:block;font-weight:600;margin:1rem 0 .3rem}
input{width:100%;font:inherit;padding:.6rem;border:1px solid #57606a;border-radius:.4rem;background:#fff;color:inherit}
input[name=code]{font-family:ui-monospace,monospace;text-transform:uppercase;padding:.6rem .4rem}
input::placeholder{color:#8b949e}
button{width:100%;font:inherit;font-weight:700;margin:1rem 0 .4rem;padding:.7rem;border:0;border-radius:.4rem;
background:#0b5cad;color:#fff}button [lang=en]{color:#dbe9f8}
button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid #f2a900;outline-offset:2px}
.warn,.stop{border-left:.35rem solid #b35900;background:#fff4e5;padding:.6rem .9rem;margin:1rem 0}
.stop{border-color:#b42318;background:#fdecea}.small{font-size:.88em}a{color:#0b5cad}
@media(prefers-color-scheme:dark){body{background:#010409;color:#e6edf3}main{background:#0d1117}dl{border-color:#30363d}
[lang=en],dt{color:#9aa4af}input{background:#161b22;border-color:#8b949e}.warn{background:#2d2008}
.stop{background:#35130f}a{color:#6cb6ff}}
"""
STYLE_HASH: Final = "'sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode() + "'"
