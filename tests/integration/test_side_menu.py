"""The side menu is kept for all who see the same, and shows nobody what is another's."""

import re

from cms.extensions import db
from cms.notifications.models import AdminNotification, NotificationState
from tests.conftest import PASSWORD, make_user
from tests.integration.test_list_queries import make


def test_each_person_sees_their_own_menu_and_the_newest_counts(client):
    people = {role: make_user(role) for role in ("editor", "administrator")}
    db.session.commit()

    def menu(role, address="/admin/image/"):
        client.post("/logout")
        client.post("/login", data={"email": people[role].email, "password": PASSWORD})
        page = client.get(address).text
        return page.partition('id="side-menu"')[2].partition("</nav>")[0]

    def here(page):
        return re.findall(r'href="([^"]*)"[^>]*aria-current="page"', page)

    for _again in range(2):
        assert "/admin/notification/" not in menu("editor")
        assert "/admin/notification/" in menu("administrator")
    assert "Pictures" in menu("editor")
    assert (here(menu("editor")), here(menu("editor", "/admin/job/"))) == (
        ["/admin/image/"],
        ["/admin/job/"],
    )
    people["editor"].locale = "zh_Hans_CN"
    db.session.commit()
    assert "图片" in menu("editor")
    assert "Pictures" in menu("administrator")

    assert "data-menu-badge" not in menu("administrator")
    told = make(AdminNotification)
    db.session.commit()
    assert 'data-menu-badge="notification">1<' in menu("administrator")
    assert "data-menu-badge" not in menu("editor")
    told.state = NotificationState.RESOLVED
    db.session.commit()
    assert "data-menu-badge" not in menu("administrator")
