/// ``TakeRule`` for Redis, which carries out a script in one step. A test compares both, history by history.
package enum TakeScript {
    /// The keys are those of the slot and of the room without one; the arguments the registration, the former run or
    /// nothing, whether it is an attach (1 or 0), and the lifetimes at the slot and without one, in milliseconds. The
    /// answer is `mine` or `newer`, at which of the keys, and what was there.
    package static let text = """
        local mine, former, attach = ARGV[1], ARGV[2], ARGV[3] == '1'
        local offer, run = string.sub(mine, 1, 16), string.sub(mine, 17, 24)
        local function entry(value) return value and #value >= 28 and value end
        local found = redis.call('MGET', KEYS[1], KEYS[2])
        local slot, alone = entry(found[1]), entry(found[2])
        if alone and string.sub(alone, 1, 16) ~= offer then alone = false end
        local at, there = 1, slot
        if alone or slot and string.sub(slot, 1, 16) ~= offer then at, there = 2, alone end
        if there then
            local by, his, own = string.sub(there, 17, 24), struct.unpack('>I4', there, 25), struct.unpack('>I4', mine, 25)
            if by == run or by == former then
                if his > own then mine = string.sub(mine, 1, 24) .. string.sub(there, 25, 28) end
            elseif own <= his and not (attach and (own == his or own == 0)) then
                return {'newer', at, there}
            end
        end
        redis.call('SET', KEYS[at], mine, 'PX', ARGV[3 + at])
        return {'mine', at, there}
        """
}
