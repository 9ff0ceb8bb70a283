"""A person in a browser: signs in on the page they are sent to, agrees to everything, and is sent back to the client. They
stay signed in: the browser keeps its cookies in the file that PERSON_COOKIES names.

Usage: person.py PAGE UNTIL, which prints the address that the person is sent back to
"""

import html.parser
import http.cookiejar
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

NAME, PASSWORD = "ada", "correct horse battery staple"

# For how many seconds a person tries again where nobody listens.
PATIENCE = 30


class Form(html.parser.HTMLParser):
    """What the first form of a page sends if nothing in it is changed."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.texts = None, [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        kind = said.get("type", "text")
        if tag == "form" and self.action is None:
            self.action = said["action"]
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in said):
            if kind == "password":
                self.fields.append((said["name"], PASSWORD))
            elif said.get("autocomplete") == "username":
                self.fields.append((said["name"], NAME))
            else:
                self.fields.append((said["name"], said.get("value", "")))
        elif tag == "button" and "name" in said and not any(name == said["name"] for name, _ in self.fields):
            self.fields.append((said["name"], said.get("value", "")))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def agree(page, until):
    """Opens the page and goes on to where `until` says that the client is, which is given back."""
    jar = http.cookiejar.MozillaCookieJar(os.environ["PERSON_COOKIES"])
    if os.path.exists(jar.filename):
        jar.load(ignore_discard=True)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), NoRedirect)
    at, form = page, None
    for _ in range(10):
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(at))
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Accept": "text/html", **({"Origin": origin} if data else {})}
        try:
            answer = opener.open(urllib.request.Request(at, data, headers))
        except urllib.error.HTTPError as error:
            if error.code not in (302, 303):
                raise AssertionError(f"{at}: {error.code} {error.read().decode()}") from error
            at, form = urllib.parse.urljoin(at, error.headers["Location"]), None
            if at.startswith(until):
                jar.save(ignore_discard=True)
                return at
            continue
        shown = Form(answer.read().decode())
        assert shown.action, "the page has a form"
        at, form = urllib.parse.urljoin(at, shown.action), shown.fields
    raise AssertionError(f"the pages lead in circles, last to {at}")


def come_back(page, until):
    """Agrees, and opens the address that the client listens at. Some clients begin to listen only after they sent the
    person away, so the person tries again.
    """
    address, began = agree(page, until), time.monotonic()
    while True:
        try:
            return urllib.request.urlopen(address).close()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() - began > PATIENCE:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    print(agree(*sys.argv[1:3]))
