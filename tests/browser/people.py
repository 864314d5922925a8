# SPDX-License-Identifier: Apache-2.0
"""The town's workers with their phones in Chromium, and what is told of them."""

from datetime import timedelta
from uuid import UUID, uuid4

from playwright.sync_api import Page

from geo.accounts.rules import Role
from geo.clock import SetClock
from geo.ids import IncidentId
from geo.incidents.actions import close_incident, report_incident
from geo.incidents.policies import LinkupPolicy
from geo.incidents.queries import linkups_of
from geo.incidents.rules import Linkup, Report, SaidPlace, Severity
from geo.incidents.setting import change_linkup_policy
from tests import town
from tests.browser.conftest import Open
from tests.browser.watching import Watched
from tests.conftest import PASSWORD
from tests.people import AT_HOME, stand
from tests.serving import Served

PHONE = (360, 740)
READY = "html[data-ready=true]"


class People:
    """The town with everybody at his place, and what happens in it."""

    def __init__(
        self, visit: Open, served: Served, clock: SetClock, policy: LinkupPolicy | None = None
    ) -> None:
        self.visit, self.served, self.clock = visit, served, clock
        now = clock.now()
        with served.database.transaction() as session:
            stand(session, AT_HOME, at=now)
            if policy is not None:
                since = now + timedelta(seconds=1)
                change_linkup_policy(
                    session, district=town.DISTRICT, policy=policy, since=since, at=now
                )
        # They have been on duty for a while.
        clock.advance(timedelta(minutes=1))

    def phone(
        self,
        name: str = "N1",
        *allowed: str,
        spot: tuple[float, float] = (40, 220),
        waits: bool = True,
    ) -> Watched:
        """A worker's page on his phone, standing at a place of the town in metres."""
        watched = self.visit("/login", size=PHONE)
        page = watched.page
        lon, lat = town.point(*spot)
        page.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 9})
        page.context.grant_permissions(list(allowed), origin=self.served.url)
        self.sign_in(page, self.served.account(Role.WORKER, worker=town.WORKERS[name]))
        page.wait_for_url("**/worker")
        if waits:
            page.wait_for_selector(READY)
        return watched

    def sign_in(self, page: Page, username: str) -> None:
        page.fill("[name=username]", username)
        page.fill("[name=password]", PASSWORD)
        page.click("[type=submit]")

    def emergency(self) -> Linkup:
        """Somebody calls: an emergency in N1, and its linkup."""
        report = Report(
            id=IncidentId(uuid4()),
            title="公园枯树倾斜<b>",
            category="突发事件",
            severity=Severity.EMERGENCY,
            place=SaidPlace(address="彩虹街10号楼"),
            reporter={"name": "李女士", "phone": "139 0000 0000", "note": "三单元门口"},
        )
        now = self.clock.now()
        with self.served.database.transaction() as session:
            report_incident(session, actor=town.actor(Role.DISPATCHER), report=report, at=now)
        return self.linkup(report.id)

    def linkup(self, incident: UUID) -> Linkup:
        with self.served.database.snapshot() as session:
            return linkups_of(session, town.DISTRICT, [incident])[incident]

    def states(self, linkup: Linkup) -> dict[str, str]:
        names = {id: name for name, id in town.WORKERS.items()}
        return {names[ask.worker]: ask.state for ask in self.linkup(linkup.incident).asked}

    def close(self, linkup: Linkup) -> None:
        desk = town.actor(Role.DISPATCHER)
        with self.served.database.transaction() as session:
            close_incident(
                session, actor=desk, incident=linkup.incident, outcome="好", at=self.clock.now()
            )
