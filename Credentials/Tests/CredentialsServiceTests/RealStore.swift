import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// SeaweedFS on free ports of loopback, with three identities: one that may do everything, a broker that gives out
/// sessions, and a poster that signs forms. It runs as long as the tests do.
final class RealStore: Sendable {
    /// The names and secrets of an identity.
    struct Identity: Sendable {
        let accessKey: String
        let secret: String

        fileprivate var json: String { #"{"accessKey": "\#(accessKey)", "secretKey": "\#(secret)"}"# }
    }

    /// The address of the store and of its STS.
    let endpoint: String
    let bucket = "credentials-tests"
    let region = "us-east-1"
    let admin = Identity(accessKey: "TESTADMINKEY00000001", secret: "admin+secret/of-the-tests-0000000000000001")
    let broker = Identity(accessKey: "TESTBROKERKEY0000001", secret: "broker+secret/of-the-tests-000000000000001")
    let poster = Identity(accessKey: "TESTPOSTERKEY0000001", secret: "poster+secret/of-the-tests-000000000000001")

    private let process: Running

    /// The store of this run.
    static func shared() async throws -> RealStore { try await start.value }

    private static let start = Task { () async throws -> RealStore in
        for attempt in 1... {
            do {
                return try await RealStore()
            } catch  where attempt < 3 {
                // Another program has taken one of the ten ports.
            }
        }
        throw NotStarted()
    }

    private struct NotStarted: Error {}

    private init() async throws {
        guard let weed = StoreTools.weed else { throw NotStarted() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "credentials-store-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        // Each port is taken with the one 10,000 above it.
        var ports: Set<Int> = []
        while ports.count < 5 { ports.insert(try FreePort.below30000()) }
        let list = Array(ports)
        endpoint = "http://127.0.0.1:\(list[3])"
        let identities = """
            {"identities": [
              {"name": "admin", "credentials": [\(admin.json)], "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
              {"name": "broker", "credentials": [\(broker.json)], "policyNames": ["BrokerPolicy"]},
              {"name": "poster", "credentials": [\(poster.json)], "actions": ["Write:\(bucket)"]}]}
            """
        let policies = """
            {"sts": {"tokenDuration": "1h", "maxSessionLength": "36h", "issuer": "seaweedfs-sts",
                "signingKey": "\(Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString())"},
             "policy": {"defaultEffect": "Deny"},
             "policies": [{"name": "BrokerPolicy", "document": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["sts:GetFederationToken"], "Resource": ["*"]},
                {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                 "Resource": ["arn:aws:s3:::\(bucket)", "arn:aws:s3:::\(bucket)/*"]}]}}]}
            """
        try Data(identities.utf8).write(to: URL(filePath: folder + "/s3.json"))
        try Data(policies.utf8).write(to: URL(filePath: folder + "/iam.json"))
        let arguments = [
            "-logtostderr=true", "mini", "-dir=\(folder)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            // The default of telemetry is to call out.
            "-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-master.port=\(list[0])", "-volume.port=\(list[1])", "-filer.port=\(list[2])", "-s3.port=\(list[3])",
            "-admin.port=\(list[4])", "-s3.config=\(folder)/s3.json", "-s3.iam.config=\(folder)/iam.json",
            "-bucket=\(bucket)",
        ]
        // The shell's input ends with the tests, however they end, and the store with it.
        let script = """
            cd "$1" || exit 1
            folder=$1 program=$2; shift 2
            # A shell gives its background jobs an empty input.
            exec 3<&0
            HOME=$folder "$program" "$@" >log 2>&1 </dev/null 3<&- &
            pid=$!
            { cat <&3 >/dev/null; kill -9 $pid 2>/dev/null; } &
            wait $pid
            cd / && rm -rf "$folder" /tmp/seaweedfs-*-\(list[2]).sock /tmp/seaweedfs-*-\(list[3]).sock
            """
        process = try Running(["-c", script, "store", folder, weed] + arguments, of: "/bin/sh")
        try await wait(for: endpoint + "/healthz")
        // The server makes its bucket a little later.
        try await wait(for: "http://127.0.0.1:\(list[2])/buckets/\(bucket)/")
    }

    private func wait(for url: String) async throws {
        while process.isRunning {
            let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
            if answer?.status == .ok { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw NotStarted()
    }
}
