"""The desk: when the bot should not answer, people do, through the bot.

`desk` moves a case (opened, taken, given back, closed), `staff` reads what people of the desk do,
`relay` carries words in both directions, `waiting` is what time does to a case. `cards` is what
people see of a case, `which_card` knows which of its cards is meant. `place`, `times`, `hours` and
`members` tell where people are, when, and who. `joining` and `incidents` make one card of very many
cases of one cause.

To be read in this order: `place`, `times`, `desk`, `cards`, `which_card`, `staff`, `relay`,
`waiting`; then docs/adr/0013, `joining`, `incidents`.
"""
