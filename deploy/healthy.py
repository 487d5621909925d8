"""Ask the web server of this container whether it lives; the exit status says so."""

import os
from http.client import HTTPConnection

# As the proxy in front asks: by a name that is answered to, for HTTPS.
# (One that stands for all below it begins with a dot.)
host = os.environ.get("CMS_TRUSTED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
port = int(os.environ.get("PORT", "8000"))
connection = HTTPConnection("127.0.0.1", port, timeout=4)
connection.request("GET", "/healthz", headers={"Host": host, "X-Forwarded-Proto": "https"})
raise SystemExit(connection.getresponse().status != 200)  # noqa: PLR2004 - OK
