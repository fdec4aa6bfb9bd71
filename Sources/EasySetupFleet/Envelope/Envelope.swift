internal import CSodium
internal import Crypto
package import EasySetupFleetStore

/// The layout of a message between relays (`Protocol/fleet.md`, "Messages"): version, key id, run, counter, and the sealed
/// content.
enum Envelope {
    static let version: UInt8 = 1
    static let (keyAt, runAt, counterAt) = (1, 5, 13)

    /// A content sealed under a run's key: its ciphertext, and the tag.
    /// - Parameter head: the bytes of the message before the content.
    static func seal(
        _ plain: [UInt8],
        behind head: [UInt8],
        _ key: SymmetricKey,
        _ counter: UInt64,
        _ channel: FleetChannel
    ) -> [UInt8] {
        let (nonce, data) = (nonce(counter), associatedData(head, channel))
        var sealed = [UInt8](repeating: 0, count: plain.count + EnvelopeLimits.tagBytes)
        unsafe key.withPointer { key in
            // The call can't fail, because all lengths fit.
            _ = unsafe crypto_aead_chacha20poly1305_ietf_encrypt(
                &sealed,
                nil,
                plain,
                UInt64(plain.count),
                data,
                UInt64(data.count),
                nil,
                nonce,
                key
            )
        }
        return sealed
    }

    /// The content of a message that a run has sealed with this key; nil if it is forged. The message is no shorter than
    /// one without a content.
    static func open(
        _ message: [UInt8],
        _ key: SymmetricKey,
        _ counter: UInt64,
        _ channel: FleetChannel
    ) -> [UInt8]? {
        let (nonce, data) = (nonce(counter), associatedData(message, channel))
        let sealed = Array(message[EnvelopeLimits.headBytes...])
        var plain = [UInt8](repeating: 0, count: sealed.count - EnvelopeLimits.tagBytes)
        let status = unsafe key.withPointer { key in
            unsafe crypto_aead_chacha20poly1305_ietf_decrypt(
                &plain,
                nil,
                nil,
                sealed,
                UInt64(sealed.count),
                data,
                UInt64(data.count),
                nonce,
                key
            )
        }
        return status == 0 ? plain : nil
    }

    /// Lets libsodium choose the code that is fast on this processor.
    static let isReady = sodium_init() >= 0

    private static let nonceBytes = 12

    /// The nonce of a message: four zeros, and the counter.
    private static func nonce(_ counter: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(nonceBytes)
        bytes.append(number: UInt32(0))
        bytes.append(number: counter)
        return bytes
    }

    /// The data that the tag covers beside the content: the bytes before it, and the channel.
    private static func associatedData(_ message: [UInt8], _ channel: FleetChannel) -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(EnvelopeLimits.headBytes + 1 + RunID.byteCount)
        data += message[..<EnvelopeLimits.headBytes]
        switch channel {
        case .all: data.append(0)
        case .run(let run):
            data.append(1)
            data.append(number: run.number)
        }
        return data
    }
}

extension SymmetricKey {
    fileprivate func withPointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        // A run's key has 32 bytes, so it has an address.
        unsafe withUnsafeBytes { unsafe body($0.bindMemory(to: UInt8.self).baseAddress!) }
    }
}

/// Seals what one run says. The counter is the nonce, so a run has one sealer and never another.
package struct EnvelopeSealer: Sendable {
    private let run: RunID
    private var key: SymmetricKey
    private var keyID: [UInt8]
    /// The counter of the last message.
    package private(set) var counter: UInt64 = 0

    package init(run: RunID, keys: FleetKeys) {
        precondition(Envelope.isReady, "libsodium could not start")
        self.run = run
        (key, keyID) = (keys.current.key(of: run), keys.current.id)
    }

    /// Seals with other keys from now on. The counter goes on, because the current key may be the same.
    package mutating func replaceKeys(by keys: FleetKeys) {
        (key, keyID) = (keys.current.key(of: run), keys.current.id)
    }

    /// Seals a content that is no longer than ``EnvelopeLimits/contentBytes``.
    package mutating func seal(_ content: FleetContent, for channel: FleetChannel) -> [UInt8] {
        counter += 1
        let plain = ContentCodec.bytes(of: content)
        var message: [UInt8] = []
        message.reserveCapacity(EnvelopeLimits.headBytes + plain.count + EnvelopeLimits.tagBytes)
        message.append(Envelope.version)
        message += keyID
        message.append(number: run.number)
        message.append(number: counter)
        message += Envelope.seal(plain, behind: message, key, counter, channel)
        return message
    }
}

/// Opens what others say to one run. It takes the messages of each run in the order of their counters, so that none is
/// taken twice.
package struct EnvelopeOpener: Sendable {
    private struct Sender: Sendable {
        var keyID: [UInt8]
        var key: SymmetricKey
        var counter: UInt64
        /// The number of the message, among those of all runs.
        var heard: UInt64
    }

    private let run: RunID
    private var keys: FleetKeys
    private var senders: [RunID: Sender] = [:]
    private var heard: UInt64 = 0

    package init(run: RunID, keys: FleetKeys) {
        (self.run, self.keys) = (run, keys)
    }

    package mutating func replaceKeys(by keys: FleetKeys) { self.keys = keys }

    /// The runs of which a message was taken, as far as they are remembered.
    package var senderCount: Int { senders.count }

    /// The run that a message names as its sender, whoever has made it; nil if the message is too short for one.
    package static func namedSender(of message: [UInt8]) -> RunID? {
        guard message.count >= EnvelopeLimits.headBytes else { return nil }
        return RunID(bytes: message[Envelope.runAt..<Envelope.counterAt])
    }

    /// Opens a message that came on this channel.
    package mutating func open(
        _ message: [UInt8],
        on channel: FleetChannel
    ) throws(EnvelopeError) -> (from: RunID, content: FleetContent) {
        let least = EnvelopeLimits.headBytes + EnvelopeLimits.tagBytes
        guard (least...EnvelopeLimits.messageBytes).contains(message.count) else { throw .badLength }
        guard message[0] == Envelope.version else { throw .version(message[0]) }
        let keyID = Array(message[Envelope.keyAt..<Envelope.runAt])
        guard let root = keys.key(id: keyID) else { throw .unknownKey }
        let sender = RunID(number: message.number(at: Envelope.runAt))
        guard sender != run else { throw .own }
        let counter = message.number(at: Envelope.counterAt)
        let last = senders[sender]
        let key = last.flatMap { $0.keyID == keyID ? $0.key : nil } ?? root.key(of: sender)
        guard let plain = Envelope.open(message, key, counter, channel) else { throw .forged }
        // Only what is authentic may count.
        guard counter > last?.counter ?? 0 else { throw .repeated }
        remember(sender, keyID, key, counter)
        do throws(ContentError) {
            return (sender, try ContentCodec.read(plain))
        } catch {
            throw .content(error)
        }
    }

    private mutating func remember(_ sender: RunID, _ keyID: [UInt8], _ key: SymmetricKey, _ counter: UInt64) {
        if senders[sender] == nil, senders.count >= EnvelopeLimits.runs,
            let oldest = senders.min(by: { $0.value.heard < $1.value.heard })
        {
            senders[oldest.key] = nil
        }
        heard += 1
        senders[sender] = Sender(keyID: keyID, key: key, counter: counter, heard: heard)
    }
}
