import EasySetupChain

/// Keeps credentials until they are about to end or the store refuses them, and gets new ones by one call for all who
/// wait.
actor CredentialsKeeper {
    /// Credentials with a number, by which a caller says which ones the store has refused.
    struct Numbered: Sendable {
        let number: Int
        let credentials: S3Credentials
        /// When they came, in seconds since 1970, by the store's clock.
        let since: Int
    }

    private let source: any S3CredentialsSource
    private let limits: S3Limits
    private var last: Numbered?
    private var renewal: Task<Result<S3Credentials, ObjectStoreError>, Never>?

    init(_ source: any S3CredentialsSource, limits: S3Limits) {
        self.source = source
        self.limits = limits
    }

    /// The credentials to use now.
    ///
    /// - Parameters:
    ///   - refused: the number of the credentials that the store has refused; nil if it has refused none.
    ///   - now: seconds since 1970, by the store's clock as far as it is known.
    func credentials(
        refused: Int?,
        now: @Sendable () -> Int
    ) async throws(ObjectStoreError) -> Numbered {
        if let last, last.number != refused, !isEnding(last, now()) { return last }
        let running =
            renewal
            ?? Task { [source] in
                do throws(ObjectStoreError) {
                    return .success(try await source.credentials())
                } catch {
                    return .failure(error)
                }
            }
        renewal = running
        let result = await running.value
        if renewal == running {
            renewal = nil
            if case .success(let credentials) = result {
                last = Numbered(number: (last?.number ?? 0) + 1, credentials: credentials, since: now())
            }
        }
        switch result {
        case .success:
            if let last { return last }
            throw ObjectStoreError(.denied)
        case .failure(let error):
            // The old ones may be good for some minutes.
            if let last, last.number != refused, (last.credentials.ends ?? .max) > now() { return last }
            throw error
        }
    }

    private func isEnding(_ last: Numbered, _ now: Int) -> Bool {
        guard let ends = last.credentials.ends else { return false }
        let (margin, pause) = (
            Int(limits.renewalMargin.components.seconds), Int(limits.renewalPause.components.seconds)
        )
        // A clock that was set back by more than the pause is no reason to keep them.
        return now >= ends - margin && !(last.since..<last.since + pause).contains(now)
    }
}
