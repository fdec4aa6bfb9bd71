import Crypto
import EasySetupSeed

/// The hash over the public messages of a meeting, called `th` in `Protocol/handshake.md`, "Keys".
package struct Transcript: Hashable, Sendable {
    /// SHA-512 over the session id, message 1 (the hello) and message 2 (the reply) as they were sent, each after its
    /// length.
    package let hash: [UInt8]

    package init(session: [UInt8], hello: [UInt8], reply: [UInt8]) {
        hash = Array(SHA512.hash(data: lv(session) + lv(hello) + lv(reply)))
    }
}
