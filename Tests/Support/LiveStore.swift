import EasySetup
import EasySetupHandshake
import EasySetupPairingSession
package import Foundation

/// A real store of S3 for tests: SeaweedFS, which runs as long as the tests do, or a store that `scripts/stores` has
/// started. It has three identities: one that may do everything, a broker that gives out sessions, and a poster that
/// signs forms.
package final class LiveStore: Sendable {
    /// The kinds of stores.
    package enum Kind: String, Sendable {
        case seaweedfs, ceph
    }

    /// The names and secrets of an identity.
    package struct Identity: Sendable {
        package let accessKey: String
        package let secret: String

        package init(accessKey: String, secret: String) {
            self.accessKey = accessKey
            self.secret = secret
        }
    }

    package let kind: Kind
    /// The address of the store and of its STS.
    package let endpoint: String
    package let bucket = "easysetup-tests"
    package let region = "us-east-1"
    package let admin = Identity(
        accessKey: "TESTADMINKEY00000001",
        secret: "admin+secret/of-the-tests-0000000000000001"
    )
    package let broker = Identity(
        accessKey: "TESTBROKERKEY0000001",
        secret: "broker+secret/of-the-tests-000000000000001"
    )
    package let poster = Identity(
        accessKey: "TESTPOSTERKEY0000001",
        secret: "poster+secret/of-the-tests-000000000000001"
    )
    /// The role that a broker of Ceph assumes; SeaweedFS has AWS's GetFederationToken.
    package let role = "arn:aws:iam:::role/SyncClient"
    /// The key of the tokens that SeaweedFS gives to sessions (HS256).
    package static let tokenKey = Data("0123456789abcdef0123456789abcdef".utf8)

    private let process: Running?
    /// The folder and the filer's port of a store that this process has started.
    private let place: Place?

    private struct Place {
        let folder: String
        let filer: Int
    }

    /// The file by which a test sets the clock of a store that `scripts/stores` has started under faketime; nil if the
    /// store has the machine's clock.
    package static var clock: String? { ProcessInfo.processInfo.environment["EASYSETUP_STORE_CLOCK"] }

    /// Sets the store's clock.
    /// - Parameter lead: how many seconds it is ahead of this machine's.
    package static func setClock(lead: Int) throws {
        guard let clock else { throw NotStarted() }
        try Data("+\(lead)s\n".utf8).write(to: URL(filePath: clock))
    }

    /// The store that the environment names.
    static let named: LiveStore? = {
        let variables = ProcessInfo.processInfo.environment
        guard let kind = variables["EASYSETUP_STORE_KIND"].flatMap(Kind.init),
            let endpoint = variables["EASYSETUP_STORE_ENDPOINT"]
        else { return nil }
        return LiveStore(kind, endpoint, nil)
    }()

    private init(_ kind: Kind, _ endpoint: String, _ process: Running?, _ place: Place? = nil) {
        self.kind = kind
        self.endpoint = endpoint
        self.process = process
        self.place = place
    }

    /// The store of this run.
    package static func shared() async throws -> LiveStore { try await start.value }

    private static let start = Task { () async throws -> LiveStore in
        if let named { return named }
        let store = LiveStore(.seaweedfs, "", nil)
        return try await seaweedFS(identities: store.identities, policies: store.policies, bucket: store.bucket)
    }

    private struct NotStarted: Error {
        /// The end of the log of a store that ended by itself.
        var log = ""
    }

    /// Starts a SeaweedFS on free ports of loopback, with nothing but its defaults beside these.
    /// - Parameters:
    ///   - identities: the file of `-s3.config`.
    ///   - policies: the file of `-s3.iam.config`.
    ///   - bucket: the bucket that it makes; nil for none.
    package static func seaweedFS(identities: String, policies: String, bucket: String?) async throws -> LiveStore {
        for attempt in 1... {
            do {
                return try await startSeaweedFS(identities, policies, bucket)
            } catch  where attempt < 3 {
                // Another program has taken one of the ten ports.
            }
        }
        throw NotStarted()
    }

    private static func startSeaweedFS(_ identities: String, _ policies: String, _ bucket: String?) async throws
        -> LiveStore
    {
        guard let weed = StoreTools.weed else { throw NotStarted() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "easysetup-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        var ports: [Int] = []
        while ports.count < 5 { try ports.append(FreePort.pair()) }
        let endpoint = "http://127.0.0.1:\(ports[3])"
        try Data().write(to: URL(filePath: folder + "/log"))
        try Data(identities.utf8).write(to: URL(filePath: folder + "/s3.json"))
        try Data(policies.utf8).write(to: URL(filePath: folder + "/iam.json"))
        let arguments =
            [
                "-logtostderr=true", "mini", "-dir=\(folder)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                // The default of telemetry is to call out.
                "-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
                "-master.port=\(ports[0])", "-volume.port=\(ports[1])", "-filer.port=\(ports[2])",
                "-s3.port=\(ports[3])",
                "-admin.port=\(ports[4])", "-s3.config=\(folder)/s3.json", "-s3.iam.config=\(folder)/iam.json",
            ] + (bucket.map { ["-bucket=\($0)"] } ?? [])
        // The shell's input ends with the tests, however they end, and the store with it.
        let script = """
            cd "$1" || exit 1
            folder=$1 program=$2; shift 2
            # A shell gives what runs behind it no input of its own.
            exec 3<&0
            { cat <&3 >/dev/null; touch over; kill -9 $(cat pid) 2>/dev/null; } &
            # A store that was killed and is wanted again starts at the same ports with what it has.
            while [ ! -e over ] && { [ ! -e pid ] || rm again 2>/dev/null; }; do
                HOME=$folder "$program" "$@" >>log 2>&1 </dev/null 3<&- &
                echo $! >pid
                wait $!
            done
            cd / && rm -rf "$folder" /tmp/seaweedfs-*-\(ports[2]).sock /tmp/seaweedfs-*-\(ports[3]).sock
            """
        let process = try Running(["-c", script, "store", folder, weed] + arguments, of: "/bin/sh")
        let live = LiveStore(.seaweedfs, endpoint, process, Place(folder: folder, filer: ports[2]))
        do {
            try await live.waitForStart(filer: ports[2], bucket)
            return live
        } catch {
            process.endInput()
            throw error
        }
    }

    /// Starts a store of a test's own, with the identities and the bucket of the shared one.
    package static func own() async throws -> LiveStore {
        let store = LiveStore(.seaweedfs, "", nil)
        return try await seaweedFS(identities: store.identities, policies: store.policies, bucket: store.bucket)
    }

    /// Ends a store of one's own by `kill -9`, and starts it again with what it has.
    package func crash() async throws {
        guard let place else { throw NotStarted() }
        let file = URL(filePath: place.folder + "/pid")
        let old = try String(contentsOf: file, encoding: .utf8).filter(\.isNumber)
        guard let pid = Int32(old) else { throw NotStarted() }
        try Data().write(to: URL(filePath: place.folder + "/again"))
        kill(pid, SIGKILL)
        // The end of the old one is certain when the shell has started the next.
        while try String(contentsOf: file, encoding: .utf8).filter(\.isNumber) == old || kill(pid, 0) == 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await waitForStart(filer: place.filer, bucket)
    }

    /// Ends a store of one's own.
    package func stop() { process?.endInput() }

    /// Waits until the server answers and has made its bucket, which it does a little later.
    private func waitForStart(filer: Int, _ bucket: String?) async throws {
        guard let url = URL(string: endpoint), let port = url.port else { throw NotStarted() }
        // The shell removes the folder when it ends, and the log with it.
        let log = try place.map { try FileHandle(forReadingFrom: URL(filePath: $0.folder + "/log")) }
        do {
            try await wait(for: "/healthz", at: port)
            if let bucket { try await wait(for: "/buckets/\(bucket)/", at: filer) }
        } catch is NotStarted {
            let text = try log?.readToEnd().map { String(decoding: $0.suffix(2_000), as: UTF8.self) }
            throw NotStarted(log: text ?? "")
        }
    }

    private func wait(for path: String, at port: Int) async throws {
        guard let address = RelayAddress(host: "127.0.0.1", port: port, isPlain: true) else { throw NotStarted() }
        let connection = try HTTPConnection(to: address, trusting: .system, by: .none, limits: ClientLimits())
        defer { connection.close() }
        while process?.isRunning == true {
            let answer = await connection.get(path, timeout: .seconds(10))
            if case .success(let answer) = answer, answer.status == 200 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw NotStarted()
    }

    private var identities: String {
        """
        {"identities": [
          {"name": "admin", "credentials": [\(Self.json(admin))], "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
          {"name": "broker", "credentials": [\(Self.json(broker))], "policyNames": ["BrokerPolicy"]},
          {"name": "poster", "credentials": [\(Self.json(poster))], "actions": ["Write:\(bucket)"]}]}
        """
    }

    private static func json(_ identity: Identity) -> String {
        #"{"accessKey": "\#(identity.accessKey)", "secretKey": "\#(identity.secret)"}"#
    }

    private var policies: String {
        """
        {"sts": {"tokenDuration": "1h", "maxSessionLength": "36h", "issuer": "seaweedfs-sts",
            "signingKey": "\(Self.tokenKey.base64EncodedString())"},
         "policy": {"defaultEffect": "Deny"},
         "policies": [{"name": "BrokerPolicy", "document": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sts:GetFederationToken"], "Resource": ["*"]},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
             "Resource": ["arn:aws:s3:::\(bucket)", "arn:aws:s3:::\(bucket)/*"]}]}}]}
        """
    }
}
