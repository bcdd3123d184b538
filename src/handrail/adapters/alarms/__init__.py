"""What makes time pass and effects leave: deadlines, deliveries, and slow work in the background.

Deadlines and deliveries are rows of the store. The slow work is DBOS's, which is imported only
when there is some.
"""

from handrail.adapters.alarms.alarms import Alarms, Post
from handrail.adapters.alarms.jobs import Job, Jobs
from handrail.adapters.alarms.waking import Waking

__all__ = ["Alarms", "Job", "Jobs", "Post", "Waking"]
