public import EasySetup

extension S3Store {
    /// Makes the store of a chain for which a service gives out credentials; it asks the service with the first call.
    ///
    /// The bucket is that of the service's last answer. When the store refuses the credentials, can't be reached or has no
    /// such bucket, the service is asked once more, and the call goes to the bucket that it names then: an operator can move
    /// a chain. A chain that has more objects than it may is told by ``isFull()``, and by the error
    /// `ObjectStoreError.Code.full` of ``put(_:)`` where there is no form; listing and deleting work still.
    ///
    /// - Parameters:
    ///   - service: the calls to the service.
    ///   - roots: the certificate authorities that are trusted for the store.
    ///   - proxies: the proxy, if there is one.
    ///   - limits: the limits of the calls to the store.
    public convenience init(
        service: CredentialsClient,
        trusting roots: TrustedRoots = .system,
        proxies: ProxySettings = .environment,
        limits: S3Limits = S3Limits()
    ) {
        self.init(
            service: service,
            carrier: { S3Network($0, trusting: roots, by: proxies, limits: limits) },
            times: .system,
            limits: limits
        )
    }
}
