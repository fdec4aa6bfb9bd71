package import EasySetupFleetStore
package import NIOSSL

/// What a connection to a server of Redis needs: as whom the relay speaks, and what it checks the certificate with.
package struct RedisAccess: Sendable {
    package let account: RedisAccount
    /// Nil for connections without TLS.
    package let tls: NIOSSLContext?

    package init(account: RedisAccount, tls: NIOSSLContext?) { (self.account, self.tls) = (account, tls) }
}
