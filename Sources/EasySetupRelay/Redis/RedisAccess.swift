package import EasySetupFleetStore
package import NIOSSL

/// The account with which a connection to a server of Redis logs in, and the settings by which it checks the certificate.
package struct RedisAccess: Sendable {
    package let account: RedisAccount
    /// Nil for connections without TLS.
    package let tls: NIOSSLContext?

    package init(account: RedisAccount, tls: NIOSSLContext?) { (self.account, self.tls) = (account, tls) }
}
