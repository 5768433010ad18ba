"""Start of the inspector. Arguments: the number of its socket, then the limits as JSON."""

import gc
import io
import json
import os
import socket
import sys

import pikepdf
from PIL import Image

from services.submissions.inspecting.inspector.confine import (
    Limits,
    NotConfinedError,
    be_first_to_die,
    be_last_to_run,
    leave_everything,
    stay_small,
)
from services.submissions.inspecting.inspector.examine import examine, set_limits
from services.submissions.inspecting.inspector.zygote import Examine, Zygote


def main(descriptor: int, options: dict[str, float | bool], look: Examine = examine) -> int:
    """Serves until its parent is gone. Its first message says whether it is confined, and if not, why."""
    parent = socket.socket(fileno=descriptor)
    set_limits()
    _warm_up()
    refusal = ""
    be_first_to_die()
    be_last_to_run()
    try:
        if options["isolate"]:
            leave_everything()
        stay_small()
    except NotConfinedError as error:
        refusal = str(error)
    parent.send(json.dumps({"refusal": refusal}).encode())
    if refusal:
        return 1
    # Children share these pages; a collection would touch, and so copy, all of them in each child.
    gc.collect()
    gc.freeze()
    limits = Limits(int(options["memory"]), int(options["cpu"]), float(options["wall"]))
    Zygote(parent, limits, look).serve()
    return 0


def _warm_up() -> None:
    """Goes every way once while modules can still be found: afterwards there is no file system to import
    from.
    """
    plain, locked = io.BytesIO(), io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = pdf.make_stream(b"q 1 0 0 1 0 0 cm BT (a) Tj ET /F Do /I Do Q")
        drawn = pdf.make_stream(b"f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=drawn, I=_picture(pdf)))
        pdf.save(plain, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        pdf.save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    for sample in (plain.getvalue(), locked.getvalue(), b"%PDF-1.7 nothing", b"no"):
        json.dumps(examine(io.BytesIO(sample), io.BytesIO()))


def _picture(pdf: pikepdf.Pdf) -> pikepdf.Stream:
    jpeg = io.BytesIO()
    Image.new("L", (64, 64), 255).save(jpeg, "JPEG")
    facts = {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, "Filter": pikepdf.Name.DCTDecode}
    return pikepdf.Stream(pdf, jpeg.getvalue(), Width=64, Height=64, **facts)


if __name__ == "__main__":
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(null, standard)
    sys.exit(main(int(sys.argv[1]), json.loads(sys.argv[2])))
