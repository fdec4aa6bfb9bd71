/// The form in which relays of a fleet tell each other a prefix (`Protocol/fleet.md`, "Prefixes").
extension AddressPrefix {
    /// The prefix as a number: the address in the upper seven bytes, and the kind in the lowest.
    package var wireNumber: UInt64 { number }

    /// The prefix of this number; nil if no prefix has it.
    package init?(wireNumber: UInt64) {
        // The bits that are zero in a prefix of this kind.
        let zero: UInt64
        switch wireNumber & 0xFF {
        case 0: zero = 0xFFFF_FF00_0000_0000
        case 1: zero = 0xFFFF_FF00_0000_FF00
        case 2: zero = 0
        case 3: zero = 0xFF00
        case 4: zero = 0xFFFF_FF00
        default: return nil
        }
        guard wireNumber & zero == 0 else { return nil }
        self.init(number: wireNumber)
    }
}
