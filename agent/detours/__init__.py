"""Detours: what could not be delivered is tried another way, or its author is told.

An outbox row that can never be sent comes back as a control UNDELIVERABLE in its lane, with the
message it was; so does one of which nobody knows, if somebody must look after it
(`agent.settling`). `detours` sorts them by what the message was, and each kind has a room:

- `answers`: what Frontdesk said to an employee;
- `staff_words`: what somebody of the desk said to an employee;
- `employee_words`: what an employee said to the people who have the case;
- `case_cards`: the card of a case;
- `unconfirmed`: words, of either side, that may have arrived;
- `unreadable`: whatever it was, if the row that held it is damaged.

`sending` is what they have in common. Each kind has a few ways, tried in turn; `detours` on the new
message counts them, so that it ends.
"""
