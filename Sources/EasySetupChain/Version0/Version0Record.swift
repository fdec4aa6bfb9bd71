/// A record of the journal's version 0, opened (`Protocol/version-0.md`, "Records").
public struct Version0Record: Hashable, Sendable {
    /// The three kinds of records, each with a folder of its own in the store.
    public enum Category: UInt8, Hashable, Sendable, CaseIterable {
        /// Bookmarks and their folders.
        case bookmarks = 0
        /// Visits to pages.
        case history = 1
        /// Settings of sites, and the list of devices.
        case preferences = 2
    }

    /// The kind of the record, by the name of its objects.
    public let category: Category

    /// The time of the write in milliseconds since 1970, by the writer's clock. Nothing proves it: the key seals neither
    /// the time nor the category.
    public let time: UInt64

    /// The plaintext that the writer sealed: a `SyncRecord` of `Protocol/version-0.proto`.
    public let plaintext: [UInt8]

    /// Makes a record from its parts.
    public init(category: Category, time: UInt64, plaintext: [UInt8]) {
        self.category = category
        self.time = time
        self.plaintext = plaintext
    }
}

/// A record of this chain that is in a listing and can't be read.
public struct Version0Unread: Hashable, Sendable {
    /// The reasons why a record can't be read.
    public enum Fault: String, Error, Hashable, Sendable, CaseIterable {
        /// Some of its parts are not in the listing.
        case missingParts = "missing-parts"
        /// All of its parts seem to be there, and together they are not what was written.
        case checksumDiffers = "checksum-differs"
        /// Several of its parts are there in several forms, too many for trying each with each.
        case contradictory
        /// The seed's key does not open it, or what is sealed is no sealed record.
        case doesNotOpen = "does-not-open"
    }

    /// The kind of the record.
    public let category: Version0Record.Category

    /// The time of the write, as in ``Version0Record/time``.
    public let time: UInt64

    /// Why the record can't be read.
    public let fault: Fault

    /// Makes a report of a record.
    public init(category: Version0Record.Category, time: UInt64, fault: Fault) {
        self.category = category
        self.time = time
        self.fault = fault
    }
}

/// The outcome of a listing for one record: the record, or why it can't be read.
public enum Version0Item: Hashable, Sendable {
    /// The record.
    case record(Version0Record)
    /// The reason why it can't be read.
    case unread(Version0Unread)
}
