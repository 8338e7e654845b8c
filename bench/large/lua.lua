-- What Lua is asked to do: tables, strings, closures, methods, patterns. Gives a checksum.
local rounds = ...
local sum = 0
local function mix(value) sum = (sum * 31 + value) & 0xffffffff end

local seed = 12345
local function random(most)
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return (seed >> 8) % most + 1
end

local Account = {}
Account.__index = Account
function Account.new(name) return setmetatable({name = name, balance = 0}, Account) end
function Account:deposit(amount) self.balance = self.balance + amount end

local function words(count)
  local list = {}
  for i = 1, count do
    local letters = {}
    for j = 1, 2 + random(4) do letters[j] = string.char(96 + random(6)) end
    list[i] = table.concat(letters)
  end
  return list
end

local function count_words(list)
  local counts = {}
  for _, word in ipairs(list) do counts[word] = (counts[word] or 0) + 1 end
  local keys = {}
  for word in pairs(counts) do keys[#keys + 1] = word end
  table.sort(keys, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for i = 1, math.min(20, #keys) do
    mix(counts[keys[i]])
    mix(keys[i]:byte(1))
  end
end

local function patterns(list)
  local text = table.concat(list, " ")
  local _, found = text:gsub("(%a)(%a+)", function(first, rest)
    if first == "a" then return rest:upper() .. first end
  end)
  mix(found)
  for key, value in text:gmatch("(%a%a)%s(%a+)") do mix(#key * #value) end
  mix(#string.format("%5.2f|%d|%s", 3.14159, #text, text:sub(1, 10)))
end

local function queens(size)
  local columns, ways = {}, 0
  local function place(row)
    if row > size then ways = ways + 1 return end
    for column = 1, size do
      local safe = true
      for other = 1, row - 1 do
        local there = columns[other]
        if there == column or there - column == row - other or column - there == row - other then safe = false break end
      end
      if safe then
        columns[row] = column
        place(row + 1)
      end
    end
  end
  place(1)
  return ways
end

local function floats(size)
  local values, total = {}, 0.0
  for i = 1, size do values[i] = 1.0 / i end
  for i = 2, size do values[i] = values[i] * 0.5 + values[i - 1] * 0.25 end
  for i = 1, size do total = total + values[i] end
  return math.floor(total * 1e6)
end

for round = 1, rounds do
  local list = words(400)
  count_words(list)
  patterns(list)
  mix(queens(6))
  mix(floats(2000))
  local accounts = {}
  for i = 1, 50 do accounts[i] = Account.new("account " .. i) end
  for i = 1, 2000 do accounts[random(50)]:deposit(random(100)) end
  for i = 1, 50 do mix(accounts[i].balance) end
end
return string.format("%08x", sum)
