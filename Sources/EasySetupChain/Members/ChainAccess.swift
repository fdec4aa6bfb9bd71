public import EasySetupSeed

/// All that makes a device a member of a chain: the seed, or a membership. A device stores one of the two.
public enum ChainAccess: Sendable {
    /// The seed, with which a device can do whatever is possible in the chain.
    case seed(SyncSeed)
    /// A membership, with which a device can use some collections.
    case membership(Membership)

    /// The chain.
    public var userID: UserID {
        switch self {
        case .seed(let seed): seed.userID
        case .membership(let membership): membership.userID
        }
    }

    /// The rights of the device.
    public var scope: AccessScope {
        switch self {
        case .seed: .everything
        case .membership(let membership): membership.scope
        }
    }
}

/// The rights of a device in a chain, without the keys: for screens and questions.
public enum AccessScope: Hashable, Sendable {
    /// The device has the seed.
    case everything
    /// The device has a membership.
    /// - Parameters:
    ///   - rights: the collections of apps that the device may read, and whether it may write there, too.
    ///   - notAfter: the last second in which it may, since 1970 (UTC); 0 if that does not end.
    case collections(_ rights: [CollectionName: Bool], notAfter: UInt64)

    /// The scope in words: `notes, bookmarks (read only), until 2027-01-31`; for the seed `everything`. The names of
    /// collections are safe to show, because they have letters, digits and `.`, `_`, `-` alone.
    public var text: String {
        switch self {
        case .everything: "everything"
        case .collections(let rights, let notAfter): Self.text(rights, notAfter)
        }
    }

    private static func text(_ rights: [CollectionName: Bool], _ notAfter: UInt64) -> String {
        let sorted = rights.sorted { $0.key.text < $1.key.text }
        let isMixed = Set(rights.values).count == 2
        let names = sorted.map { name, mayWrite in isMixed && !mayWrite ? "\(name) (read only)" : "\(name)" }
        var text = names.isEmpty ? "no collection" : names.joined(separator: ", ")
        if !isMixed, rights.values.contains(false) { text += " \u{2014} read only" }
        if notAfter != 0 { text += ", until \(UTCDate(seconds: notAfter))" }
        return text
    }
}

extension Membership {
    /// The rights of the device.
    public var scope: AccessScope { .collections(rights, notAfter: certificate.notAfter) }
}

/// A day of the Gregorian calendar in UTC.
public struct UTCDate: Hashable, Sendable, CustomStringConvertible {
    /// The year, the month from 1, and the day of the month from 1.
    public let year: Int, month: Int, day: Int

    /// The day of a moment.
    /// - Parameter seconds: since 1970 (UTC).
    public init(seconds: UInt64) {
        // Counted from the first of March of the year 0, so that the leap day is the last of its year.
        let days = Int(seconds / 86_400) + 719_468
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * march + 2) / 5 + 1
        month = march < 10 ? march + 3 : march - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// Reads a day that is written as `2027-01-31`; nil if there is no such day, or if it is before 1970.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), year >= 1970
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        // A day that does not exist comes back as another one.
        guard 1...12 ~= month, 1...31 ~= day, Self(seconds: firstSecond) == self else { return nil }
    }

    /// The first second of the day, since 1970 (UTC).
    public var firstSecond: UInt64 {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = year.quotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return UInt64(max(0, era * 146_097 + dayOfEra - 719_468)) * 86_400
    }

    /// The last second of the day, since 1970 (UTC).
    public var lastSecond: UInt64 { firstSecond + 86_399 }

    /// The day as `2027-01-31`.
    public var description: String {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    }
}
