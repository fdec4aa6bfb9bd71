/// A long-polling call of a device that came to another relay than its session. The relay hands it on whole.
package struct LongPollCall: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        case send = 1
        case poll = 2
    }

    /// The number by which the answer is known. The relay that hands the call on counts its calls.
    package let number: UInt64
    package let kind: Kind
    /// The body of the request (`Protocol/http.md`, "Calls").
    package let body: [UInt8]

    package init(number: UInt64, _ kind: Kind, body: [UInt8]) {
        (self.number, self.kind, self.body) = (number, kind, body)
    }
}

/// The answer to a ``LongPollCall``.
package struct LongPollAnswered: Hashable, Sendable {
    package let number: UInt64
    /// The HTTP status.
    package let status: UInt16
    package let body: [UInt8]

    package init(number: UInt64, status: UInt16, body: [UInt8]) {
        (self.number, self.status, self.body) = (number, status, body)
    }
}
