# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lua scripts that Redis and Valkey run: each changes the server's state in one command, whatever the number of
contenders.

A transaction (WATCH, MULTI) would have to be repeated by all contenders but one, so that its cost grows with the square
of their number (docs/benchmarks.md). The scripts read and write schedules in the format of ``Schedule.pack``, and
reserve as ``Schedule`` does; tests compare them with generated schedules.
"""

from __future__ import annotations

import hashlib

#: Take a free lock, or keep one's own. KEYS: the lock. ARGV: the token of the holder, milliseconds until the lock
#: expires. Returns 1 if the caller holds the lock.
ACQUIRE = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
"""

#: Release one's own lock. KEYS: the lock. ARGV: the token of the holder.
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""

_SCHEDULES = """
local IMPLAUSIBLE, ROUNDING = 3600, 1e-6
local time = redis.call('time')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

local function load(key, count, window, cost)
  local schedule = {key = key, count = tonumber(count), window = tonumber(window), cost = tonumber(cost)}
  local data = redis.call('get', key) or ''
  local starts, not_before, sorted = {}, 0, true
  for position = 1, #data - 7, 8 do
    local value = struct.unpack('<d', data, position)
    if value ~= value then
      starts, not_before = {}, 0
      break
    end
    if position == 1 then
      not_before = value
    elseif value - now < IMPLAUSIBLE then
      sorted = sorted and (#starts == 0 or starts[#starts] <= value)
      starts[#starts + 1] = value
    end
  end
  if not sorted then table.sort(starts) end
  if not_before - now >= IMPLAUSIBLE then not_before = 0 end
  schedule.starts, schedule.not_before = starts, not_before
  return schedule
end

local function save(schedule)
  local packed = {struct.pack('<d', schedule.not_before)}
  local last = schedule.not_before
  for index, start in ipairs(schedule.starts) do
    packed[index + 1] = struct.pack('<d', start)
    last = math.max(last, start)
  end
  local life = 1000 * (math.max(0, last - now) + 2 * schedule.window)
  redis.call('set', schedule.key, table.concat(packed), 'px', string.format('%.0f', math.floor(life)))
end
"""

#: Reserve the next start that all limits allow. KEYS: the schedules. ARGV: the longest wait in seconds; for each
#: schedule the limit's count, padded window and cost. Returns 1 if the start is reserved, 0 if it is too late; the
#: server's time; the start.
RESERVE = (
    _SCHEDULES
    + """
local function fits(schedule, place, start)
  local starts, count, cost = schedule.starts, schedule.count, schedule.cost
  local function at(index)
    if index <= place then return starts[index] end
    if index <= place + cost then return start end
    return starts[index - cost]
  end
  for early = math.max(1, place - count + 1), math.min(#starts + cost, place + cost + count) - count do
    if at(early + count) - at(early) < schedule.window - ROUNDING then return false end
  end
  return true
end

local function next_start(schedule, earliest)
  local starts, window = schedule.starts, schedule.window
  earliest = math.max(earliest, schedule.not_before)
  local place = 0
  local function free(start)
    while place < #starts and starts[place + 1] <= start do place = place + 1 end
    return fits(schedule, place, start)
  end
  if free(earliest) then return earliest end
  for _, start in ipairs(starts) do
    if start + window > earliest and free(start + window) then return start + window end
  end
end

local function add(schedule, start)
  local starts, added = {}, false
  local function insert()
    for _ = 1, schedule.cost do starts[#starts + 1] = start end
    added = true
  end
  for _, early in ipairs(schedule.starts) do
    if early > start and not added then insert() end
    if early > now - schedule.window then starts[#starts + 1] = early end
  end
  if not added then insert() end
  schedule.starts = starts
end

local schedules = {}
for index, key in ipairs(KEYS) do
  schedules[index] = load(key, ARGV[3 * index - 1], ARGV[3 * index], ARGV[3 * index + 1])
end
local start, earlier = now, nil
while start ~= earlier do
  earlier = start
  for _, schedule in ipairs(schedules) do start = math.max(start, next_start(schedule, earlier)) end
end
local reserved = start - now <= tonumber(ARGV[1]) and 1 or 0
if reserved == 1 then
  for _, schedule in ipairs(schedules) do
    add(schedule, start)
    save(schedule)
  end
end
return {reserved, string.format('%.17g', now), string.format('%.17g', start)}
"""
)

#: Let no call start for a time. KEYS: the schedules. ARGV: that time in seconds; for each schedule the limit's padded
#: window.
BLOCK = (
    _SCHEDULES
    + """
for index, key in ipairs(KEYS) do
  local schedule = load(key, 0, ARGV[index + 1], 0)
  schedule.not_before = math.max(schedule.not_before, now + tonumber(ARGV[1]))
  save(schedule)
end
return 1
"""
)


def digest(script: str) -> str:
    """The name by which a server knows a script that it has run before (EVALSHA)."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
