"""A test client that sends the CSRF token that a page of ours would send."""

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer


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
