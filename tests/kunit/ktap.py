# SPDX-License-Identifier: MIT
"""Reads KTAP, the kernel's nested dialect of TAP, from what a kernel with KUnit suites printed."""
import collections
import re

Result = collections.namedtuple("Result", "name passed skipped detail")

PLAN = re.compile(r"^( *)1\.\.(\d+)$")
RESULT = re.compile(r"^( *)(ok|not ok) \d+ (.*?)(?: *# SKIP *(.*))?$")
INDENT = 4


def results(lines):
    """One result a test case, named SUITE.CASE, and a failed one for everything that is missing.

    Suites stand at the outermost level and follow their cases, which are indented once. What is
    indented further, parameters of a case and diagnostics, goes with the case.
    """
    found, cases, detail = [], [], []
    plans = {0: None, INDENT: None}
    suites = 0
    for line in lines:
        plan, result = PLAN.match(line), RESULT.match(line)
        if plan and len(plan[1]) in plans:
            plans[len(plan[1])] = int(plan[2])
        elif result and len(result[1]) == INDENT:
            cases.append(Result(result[3], result[2] == "ok", result[4], detail))
            detail = []
        elif result and not result[1]:
            suites += 1
            suite = result[3]
            found += [case._replace(name=f"{suite}.{case.name}") for case in cases]
            if not cases or len(cases) != plans[INDENT]:
                found.append(Result(suite, False, None, [f"{len(cases)} of {plans[INDENT]} cases ran"]))
            elif result[2] != "ok" and all(case.passed for case in cases):
                found.append(Result(suite, False, None, detail))
            cases, detail, plans[INDENT] = [], [], None
        else:
            detail.append(line)
    found += [case._replace(name=f"unfinished suite.{case.name}") for case in cases]
    if not suites or suites != plans[0]:
        found.append(Result("suites", False, None, [f"{suites} of {plans[0]} suites ran", *detail[-30:]]))
    return found
