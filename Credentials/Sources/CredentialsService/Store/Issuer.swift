package import CredentialsCore
package import EasySetupS3
package import EasySetupSeed

/// Makes the credentials of an account: a session by STS, and forms.
package struct Issuer: Sendable {
    private let nodes: [String: NodeAccess]
    private let client: STSClient
    private let duration: Int
    private let deviceDuration: Int
    private let objects: Int

    /// Makes an issuer.
    /// - Parameters:
    ///   - duration: how long credentials of a member last, in seconds.
    ///   - deviceDuration: how long those of a device with a certificate last.
    ///   - objects: how many objects a chain may have.
    package init(nodes: [NodeAccess], client: STSClient, duration: Int, deviceDuration: Int, objects: Int) {
        self.nodes = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.client = client
        self.duration = duration
        self.deviceDuration = deviceDuration
        self.objects = objects
    }

    /// Makes credentials.
    /// - Parameters:
    ///   - name: a random name for the store's logs.
    ///   - now: the time in seconds since 1970.
    ///   - cleans: whether a chain with far too many objects has some minutes to clean up.
    /// - Throws: a ``Refusal``, or an ``STSFault`` when the store gave no session.
    package func credentials(
        _ asker: Asker,
        of user: UserID,
        account: Account,
        name: String,
        now: Int,
        cleans: () -> Bool
    ) async throws -> CredentialsAnswer {
        guard let node = nodes[account.node] else { throw Refusal(.noNode, retryAfter: 3_600) }
        let quota = Quota(objects: account.objects ?? 0, most: objects)
        let rights = try Rights(
            asker,
            of: user,
            bucket: node.address.bucket,
            hasForms: quota.givesForms(to: asker, cleans: cleans)
        )
        let longest = seconds(asker, node, now: now)
        // Some minutes at a time, or the quota would be none for a device with the seed.
        let seconds = quota == .exceeded ? min(longest, NodeAccess.shortest) : longest
        let session = try await client.session(
            node,
            policy: rights.policy.text,
            seconds: max(NodeAccess.shortest, seconds),
            name: name,
            now: now
        )
        let ends = min(session.ends, now + seconds)
        let forms = rights.formPrefixes.map { prefix in
            let form = PostPolicy(bucket: node.address.bucket, prefix: prefix, ends: ends)
                .form(node.poster, region: node.address.region, at: now)
            return CredentialsAnswer.Form(
                prefix: prefix,
                fields: form.fields.map { CredentialsAnswer.Field(name: $0.name, value: $0.value) }
            )
        }
        return CredentialsAnswer(
            endpoint: node.address.endpoint,
            region: node.address.region,
            bucket: node.address.bucket,
            prefix: SessionPolicy.prefix(of: user),
            accessKey: session.keys.accessKey,
            secretKey: session.keys.secret.revealed(),
            sessionToken: session.keys.sessionToken?.revealed() ?? "",
            forms: forms,
            isFull: quota != .kept,
            ends: ends,
            time: now
        )
    }

    /// Counts the objects of a chain by listing; nil if the store does not tell, or has no such node.
    package func objects(of user: UserID, account: Account, name: String, now: Int) async -> Int? {
        guard let node = nodes[account.node],
            let session = try? await client.session(
                node,
                policy: SessionPolicy(member: user, bucket: node.address.bucket).text,
                seconds: NodeAccess.shortest,
                name: name,
                now: now
            )
        else { return nil }
        let probe = StoreProbe(http: client.http, address: node.address, now: now)
        return await probe.count(SessionPolicy.prefix(of: user), session.keys, most: Quota.reserve(of: objects))
    }

    private func seconds(_ asker: Asker, _ node: NodeAccess, now: Int) -> Int {
        switch asker {
        case .seed: return min(duration, node.call.longest)
        case .device(let rights):
            let wanted = min(deviceDuration, node.call.longest)
            return rights.notAfter == 0 ? wanted : min(wanted, max(1, Int(clamping: rights.notAfter) - now))
        }
    }
}
