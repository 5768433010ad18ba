"""Forms over HTTP: whoever may send for a center gets a form that needs no script, and the code to its page."""

from fastapi import Response

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, RoundId, Sender
from services.submissions.forms.forms import Forms, OpenedForm
from services.submissions.forms.people import people_routes
from services.submissions.forms.views import FormView, form_view
from shared.http import Router, route_options


def form_routes(desk: Desk, forms: Forms, clock: Clock) -> Router:
    """The routes of forms, for programs and for people."""
    router = Router()

    @router.post("/v1/rounds/{round}/centers/{center}/forms", status_code=201)
    @route_options(remember=False)  # its answer holds a code that is kept nowhere
    async def open_form(principal: Sender, round_: RoundId, center: Code, response: Response) -> FormView:
        """Open an upload for a sender without scripts: one small file, posted straight to the store by a plain form.

        For larger files and weak lines there are uploads in parts. The code is told once; asked again, another form is
        opened.
        """
        found = await desk.round(round_)
        path = await desk.center(center, principal, act=True)
        duty = await desk.store.duty(found, center, path)
        now = clock()
        opened = await forms.open(duty, now)
        if not isinstance(opened, OpenedForm):
            raise problems.cannot_open(opened)
        post = forms.sign(opened.upload, now)
        assert post is not None, "it was opened a moment ago"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Location"] = f"/v1/uploads/{opened.upload.id}"
        return form_view(opened, post, await desk.duty(opened.submission), forms.page)

    people_routes(router, desk, forms, clock)
    return router
