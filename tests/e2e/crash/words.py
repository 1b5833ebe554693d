"""Parts of the log lines that name what became of a generation; several scenarios wait for each."""

from __future__ import annotations

REATTACHED = "Resumed after an earlier try: re-attaching to generation"
SAME_KEY = "Resumed after a try that ended between sending and recording: sending the same request"
LOOKED_UP = "Resumed after a try that ended between sending and recording: looking its request up"
NOTHING_RECORDED = "Resumed after an earlier try that has left no submission on record"
DELIVERED_BEFORE = "(delivered), which was paid for. This try submits, and pays for, a new one"
RENDERS_OTHERWISE = "The request renders differently"
ASKED_TO_STOP = "Asked to stop. The gateway cannot cancel. "
WATCHED_AGAIN = "Watching generation task_"
REPORTED = "The trigger reports: succeeded."
NOT_RECORDED = "is submitted, but that could not be recorded. This try goes on"
SUBMITTED = "Submitted generation task_"
REPEATED = "Attempt 1 of 4; the next one in"
UNDER_THE_SAME_KEY = "with the same request under the same idempotency key"
WATCHED_ON = "The generation itself goes on at the gateway; the polling goes on too."
PAID_AND_THERE = "; its result is not lost"
IN_THE_SAME_TRY = "Looking it up at the gateway, under the id rivya-"
FOUND = "the gateway has generation task_"
NOT_YET = "the gateway knows no generation under the id rivya-"
ASKS = "the gateway knows no generation under its id rivya-"
NO_RETRY = "No retry is made: look at the gateway's account"
UNDER_A_NEW_KEY = (
    "The same request is submitted again, under a new key: if the first one was accepted after all, both are "
    "paid for."
)
