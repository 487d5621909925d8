"""The list of pictures of QsCMS."""

from __future__ import annotations

import re
import uuid

from benchmarks.admins import rounds
from cms.accounts.services import create_user
from cms.app import create_app
from cms.extensions import db

PASSWORD = "correct horse battery"
LIST = "/admin/image/"
PAGES = {
    "page 1": "",
    "last page": "?page=-1",
    "last page, by its number": "?page=39999",
    "deep page": "?page=20000",
    "page after a deep page": "{next}",
    "status tab": "?tab=ready",
    "small status tab": "?tab=failed",
    "rare search": "?search=lighthouse",
    "common search": "?search=harbour",
    "no-hit search": "?search=zzzzz",
    "100 rows": "?page_size=100",
    "editable list": "",
    "by title": "?sort=1",
}


def main() -> None:
    folder, database, number = rounds.asked()
    app = create_app(
        {"CMS_DATA_DIR": folder, "CMS_ENV": "testing", "WTF_CSRF_ENABLED": False}
        | {"CMS_DATABASE_URL": database}
        | ({} if database.startswith("sqlite") else {"CMS_QUEUE_URL": database})
    )
    email = f"{uuid.uuid4()}@example.com"
    with app.app_context():
        create_user(email, PASSWORD, ["administrator"])
        db.session.commit()
    client = app.test_client()
    client.post("/login", data={"email": email, "password": PASSWORD})

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.text

    deep = get(LIST + PAGES["deep page"])[1]
    found = re.search(r'href="([^"]*)" rel="next"', deep)
    assert found
    pages = {name: LIST + address for name, address in PAGES.items()}
    pages["page after a deep page"] = found[1].replace("&amp;", "&")
    rounds.tell(get, pages, number)


if __name__ == "__main__":
    main()
