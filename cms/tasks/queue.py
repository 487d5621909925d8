"""The one Huey of this project. Tasks are declared on it; settings bind it later."""

from cms.jobs import schedules
from cms.jobs.queue import LedgerHuey

huey = LedgerHuey("cms")
huey.duty(schedules.submit_due)
