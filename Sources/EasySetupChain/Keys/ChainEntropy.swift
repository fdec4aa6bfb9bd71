package import EasySetupSeed

/// The source of a chain's random values. The caller passes it, so that test vectors and simulations can fix every
/// byte; programs use ``system``.
public struct ChainEntropy: Sendable {
    /// Makes the given number of random bytes.
    package var bytes: @Sendable (Int) -> SecretBytes

    package init(bytes: @escaping @Sendable (Int) -> SecretBytes) {
        self.bytes = bytes
    }

    /// The operating system's source of randomness.
    public static let system = ChainEntropy(bytes: { SecretBytes.random(count: $0) })

    /// Random bytes that are public, such as a nonce.
    package func publicBytes(_ count: Int) -> [UInt8] {
        unsafe bytes(count).withUnsafeBytes { unsafe Array($0) }
    }
}
