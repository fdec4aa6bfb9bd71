/// The limits of a reader of version 0 (`Protocol/limits.md`, "Version 0").
public struct Version0Limits: Hashable, Sendable {
    /// The greatest length of an object's name in bytes. No store had longer ones.
    public static let nameBytes = 1_024

    /// The greatest number of parts of one record.
    public static let parts = 64

    /// The greatest number of parts that are joined to find out which of several forms of a record is the one that was
    /// written: four times as many as the longest record has.
    public static let triedParts = 256

    /// The greatest number of bytes that a reader holds of a listing, with what it notes about each name.
    public var heldBytes: Int

    /// Makes limits.
    /// - Parameter heldBytes: by default 256 MiB, which is more than 250,000 of the longest names.
    public init(heldBytes: Int = 256 << 20) {
        self.heldBytes = heldBytes
    }
}
