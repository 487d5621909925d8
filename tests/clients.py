"""Test clients: a browser on a page of ours, and a program that has a token of the API."""

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart


class PageClient(FlaskClient):
    """Posts carry a valid token, unless `token=False` says that a stranger posts."""

    def open(self, *args, token=True, **kwargs):
        if token and kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS"):
            headers = {"X-CSRFToken": self._token(), **kwargs.pop("headers", {})}
            kwargs["headers"] = headers
        # A context of its own, as a request has in production: a test's own
        # would lend it its session, its language and its user.
        with self.application.app_context():
            return super().open(*args, **kwargs)

    def _token(self):
        with self.session_transaction() as session:
            known = session.setdefault("csrf_token", "0" * 40)
        signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return signer.dumps(known)


class Program:
    """A program that has a token, and no cookie."""

    def __init__(self, app, user, text):
        self.user, self.text = user, text
        self._client = app.test_client(use_cookies=False)

    def __call__(self, method, path, **options):
        headers = {"Authorization": f"Bearer {self.text}", **options.pop("headers", {})}
        address = f"/api/v1{path}"
        return self._client.open(address, method=method, headers=headers, token=False, **options)

    def get(self, path, **options):
        return self("GET", path, **options)

    def upload(self, *files, to="/pictures", **options):
        form = MultiDict([("file", FileStorage(*file)) for file in files])
        boundary, body = encode_multipart(form)  # in memory: nothing of a client's to close
        kind = f"multipart/form-data; boundary={boundary}"
        return self("POST", to, data=body, content_type=kind, **options)

    def walk(self, path):
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            sign = "&" if "?" in path else "?"
            page = self.get(path + (f"{sign}cursor={cursor}" if cursor else "")).json
            found += page["items"]
            cursor = page["next"]
            if not cursor:
                return found
