/// The records of a listing of everything that can't be read yet.
package struct Unread: Sendable {
    /// Whether there are records that another key opens, or so much that is no record that there may be.
    private let hasOthers: Bool
    /// When the youngest record of a later version came into the store; nil without one.
    private let newer: UInt64?

    package init(_ assembler: RecordAssembler) {
        let remaining = assembler.remaining
        hasOthers = assembler.forgotten > 0 || remaining.contains(where: \.reason.isKeyMissing)
        newer = remaining.filter { $0.reason == .fault(.newer) }.map(\.lastModified).max()
    }

    /// Whether something of it may be more than what somebody has written so that nothing is forgotten. A note that there are
    /// later versions is in every listing when a record of one has been there for as long as a store may list late.
    /// - Parameter keepsNewer: whether it was noted, as a listing has shown since.
    package func counts(at now: UInt64, _ keepsNewer: Bool) -> Bool {
        hasOthers || newer.map { keepsNewer || now < $0 + Compaction.settling } ?? false
    }
}
