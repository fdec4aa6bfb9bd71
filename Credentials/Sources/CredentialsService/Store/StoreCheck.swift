import CredentialsCore
import EasySetupS3
import EasySetupSeed

/// Tries a store for every right that the service needs, and for every trap that would give too much. It makes objects
/// of two chains that nobody has, and deletes them.
package struct StoreCheck: Sendable {
    /// One thing that was tried.
    package struct Finding: Hashable, Sendable {
        /// How it went.
        package enum Verdict: String, Hashable, Sendable {
            case fine, wrong
        }

        /// How it went.
        package let verdict: Verdict
        /// The thing that was tried.
        package let subject: String
        /// The advice; empty where there is none.
        package let advice: String
    }

    private let access: NodeAccess
    private let client: STSClient
    private let probe: StoreProbe
    private let duration: Int
    private let now: Int

    /// Makes a check of a node.
    package init(_ access: NodeAccess, client: STSClient, duration: Int, now: Int) {
        self.access = access
        self.client = client
        self.duration = min(duration, access.call.longest)
        self.now = now
        probe = StoreProbe(http: client.http, address: access.address, now: now)
    }

    /// Tries all. Later parts need a session, so they are missing when there is none.
    package func findings() async -> [Finding] {
        let (ours, other) = (SyncSeed.random().userID, SyncSeed.random().userID)
        let bucket = access.address.bucket
        let policy = SessionPolicy(member: ours, bucket: bucket).text
        let session: SessionAnswer
        do throws(STSFault) {
            session = try await client.session(
                access,
                policy: policy,
                seconds: duration,
                name: "easysetup-check",
                now: now
            )
        } catch {
            return [
                finding(
                    false,
                    "STS gives the broker a session of \(duration) s: \(error)",
                    "Look at the broker's keys and rights, at the address of STS, at call=, and at --duration."
                )
            ]
        }
        var findings = [finding(true, "STS gives the broker a session of \(duration) s", "")]
        let end = session.ends - now
        findings.append(
            finding(
                abs(end - duration) <= 300,
                "the session ends when it should",
                "STS says \(end) s. Lower --duration to what it allows, and compare this machine's clock with the store's."
            )
        )
        findings += await own(session.keys, SessionPolicy.prefix(of: ours))
        findings += await foreign(session.keys, of: ours, other)
        findings += await second(session.keys)
        findings += await identities()
        findings += await device(ours)
        return findings
    }

    // MARK: What must be possible

    private func own(_ keys: S3Keys, _ prefix: String) async -> [Finding] {
        let name = prefix + "check/" + String(repeating: "a", count: 200)
        let form = form(prefix)
        let posted = await probe.post(form, name: name)
        let listed = await probe.list(prefix, keys)
        let isThere = listed?.isDone == true && listed?.body.contains(name) == true
        let deleted = await probe.object("DELETE", name, keys)
        let after = await probe.list(prefix, keys)
        return [
            finding(
                posted?.isDone == true,
                "a form of the poster makes an object",
                "Give the poster the right to write objects of the bucket\(status(posted))."
            ),
            finding(
                listed?.isDone == true,
                "a session lists its prefix",
                "The broker needs s3:ListBucket of the bucket, because a session has no more than it\(status(listed))."
            ),
            finding(
                isThere,
                "an object that a form made is listed",
                "The store says that it made it and did not: are the poster's keys those of a user, and not of a session?"
            ),
            finding(
                deleted?.isDone == true && after?.isDone == true && after?.body.contains(name) == false,
                "a session deletes in its prefix",
                "The broker needs s3:DeleteObject of the bucket's objects\(status(deleted))."
            ),
        ]
    }

    // MARK: What must be refused

    private func foreign(_ keys: S3Keys, of ours: UserID, _ other: UserID) async -> [Finding] {
        let (prefix, theirs) = (SessionPolicy.prefix(of: ours), SessionPolicy.prefix(of: other))
        let theirName = theirs + "check/a"
        // An object of the other chain, so that a refusal is none of a missing object.
        _ = await probe.post(form(theirs), name: theirName)
        let neighbour = String(prefix.dropLast()) + "x/"
        let listed = await probe.list(theirs, keys)
        let whole = await probe.list("", keys)
        let beside = await probe.list(neighbour, keys)
        let got = await probe.object("GET", theirName, keys)
        let deleted = await probe.object("DELETE", theirName, keys)
        let put = await probe.object("PUT", prefix + "check/put", keys)
        let formed = await probe.post(form(prefix), name: theirs + "check/b")
        let filled = await probe.post(form(prefix), name: prefix + "check/c", body: "12345")
        let tooMuch =
            "The session has rights that its policy does not give: look for a bucket policy that names the broker."
        let findings = [
            finding(listed?.isRefusal == true, "a session does not list another chain", tooMuch),
            finding(whole?.isRefusal == true, "a session does not list the whole bucket", tooMuch),
            finding(beside?.isRefusal == true, "a session does not list a prefix that begins like its own", tooMuch),
            finding(got?.isRefusal == true, "a session does not get an object of another chain", tooMuch),
            finding(deleted?.isRefusal == true, "a session does not delete an object of another chain", tooMuch),
            finding(
                put?.isRefusal == true,
                "a session does not put objects, whose size nothing would limit",
                tooMuch
            ),
            finding(
                formed.map { 400...499 ~= $0.status } == true,
                "a form makes no object of another chain",
                "The store ignores the conditions of forms: it can't be used."
            ),
            finding(
                filled.map { 400...499 ~= $0.status } == true,
                "a form makes no object with content",
                "The store ignores the length in forms: a chain could fill it."
            ),
        ]
        await clean([theirs, prefix], [other, ours])
        return findings
    }

    private func second(_ keys: S3Keys) async -> [Finding] {
        let name = "easysetup-check"
        var isRefused = false
        do throws(STSFault) {
            _ = try await client.session(access, keys: keys, policy: nil, seconds: 900, name: name, now: now)
        } catch .refused {
            isRefused = true
        } catch {}
        return [
            finding(
                isRefused,
                "a session gets no second session, which would have no policy",
                "Let the role's trust policy name the broker alone, with the condition that aws:TokenIssueTime is Null."
            )
        ]
    }

    private func identities() async -> [Finding] {
        let listed = await probe.list("1/", access.poster)
        return [
            finding(
                listed?.isRefusal == true,
                "the poster may not list the bucket",
                "Take all rights from the poster but that of writing objects of this bucket."
            )
        ]
    }

    private func device(_ user: UserID) async -> [Finding] {
        let (mine, others) = ("AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB")
        let rights = DeviceRights(
            device: Array(repeating: 0, count: 8),
            signingKey: user,
            collections: [.init(id: mine, mayWrite: true)],
            notAfter: 0
        )
        guard let policy = try? SessionPolicy(device: rights, of: user, bucket: access.address.bucket),
            let session = try? await client.session(
                access,
                policy: policy.text,
                seconds: NodeAccess.shortest,
                name: "easysetup-check",
                now: now
            )
        else {
            return [finding(false, "STS gives a session for single collections", "Look at the log of the store.")]
        }
        let prefix = SessionPolicy.prefix(of: user)
        let name = prefix + mine + "/check"
        let posted = await probe.post(form(prefix + mine + "/"), name: name)
        let own = await probe.list(prefix + mine + "/", session.keys)
        let other = await probe.list(prefix + others + "/", session.keys)
        let whole = await probe.list(prefix, session.keys)
        let deleted = await probe.object("DELETE", name, session.keys)
        let findings = [
            finding(
                posted?.isDone == true && own?.isDone == true && own?.body.contains(name) == true,
                "a device lists its collection",
                "The store does not know lists of prefixes in a policy's condition."
            ),
            finding(
                other?.isRefusal == true && whole?.isRefusal == true,
                "a device lists nothing but its collections",
                "The store ignores the prefix in a policy's condition: devices would see all collections."
            ),
            finding(
                deleted?.isRefusal == true,
                "a device deletes nothing",
                "The store gives sessions rights of their own."
            ),
        ]
        await clean([prefix], [user])
        return findings
    }

    // MARK: Parts

    private func form(_ prefix: String) -> S3Form {
        PostPolicy(bucket: access.address.bucket, prefix: prefix, ends: now + 600)
            .form(access.poster, region: access.address.region, at: now)
    }

    /// Deletes what was made, also what should not have been.
    private func clean(_ prefixes: [String], _ users: [UserID]) async {
        for (prefix, user) in zip(prefixes, users) {
            let policy = SessionPolicy(member: user, bucket: access.address.bucket).text
            guard
                let session = try? await client.session(
                    access,
                    policy: policy,
                    seconds: NodeAccess.shortest,
                    name: "easysetup-check",
                    now: now
                )
            else { continue }
            for name in ["check/a", "check/b", "check/c", "check/put", "AAAAAAAAAAAAAAAA/check"] {
                _ = await probe.object("DELETE", prefix + name, session.keys)
            }
        }
    }

    private func finding(_ isFine: Bool, _ subject: String, _ advice: String) -> Finding {
        Finding(verdict: isFine ? .fine : .wrong, subject: subject, advice: isFine ? "" : advice)
    }

    private func status(_ answer: StoreProbe.Answer?) -> String {
        answer.map { $0.isDone ? "" : " (status \($0.status), \(ErrorAnswer(Array($0.body.utf8))?.code ?? "no code"))" }
            ?? " (no answer)"
    }
}
