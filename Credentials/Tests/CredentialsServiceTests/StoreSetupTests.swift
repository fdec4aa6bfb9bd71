import AsyncHTTPClient
import EasySetupS3
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import CredentialsService

@Suite("The set-up of a store")
struct StoreSetupTests {
    private let scratch = ScratchFolder()

    private func setup(_ kind: String, bucket: String = "chains", more: [String] = []) throws -> StoreSetup {
        try StoreSetup(
            SettingsReader(
                arguments: ["--setup", kind, "--bucket", bucket, "--endpoint", "https://s3.example.org"] + more
            )
        )
    }

    // MARK: Policies

    private func statements(_ policy: String) throws -> [[String: Any]] {
        let value = try #require(try JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any])
        #expect(value["Version"] as? String == "2012-10-17")
        return try #require(value["Statement"] as? [[String: Any]])
    }

    private func actions(_ policy: String) throws -> Set<String> {
        Set(
            try statements(policy).flatMap { statement -> [String] in
                #expect(statement["Effect"] as? String == "Allow")
                return statement["Action"] as? [String] ?? (statement["Action"] as? String).map { [$0] } ?? []
            }
        )
    }

    @Test("No policy is longer than 2,048 characters or has a space, and each gives the rights of its identity alone")
    func policies() throws {
        let bucket = String(repeating: "b", count: StoreSetup.longestBucket)
        let policies = StorePolicies(bucket: bucket)
        let user = "arn:aws:iam:::user/\(bucket)-broker"
        for policy in [
            policies.broker, policies.role, policies.poster, policies.trust(broker: user),
            policies.posterAtBucket(user),
        ] {
            #expect(policy.utf8.count <= 2_048)
            #expect(!policy.contains(" "))
        }
        let session: Set = ["s3:ListBucket", "s3:GetObject", "s3:DeleteObject"]
        #expect(try actions(policies.broker) == session.union(["sts:GetFederationToken"]))
        #expect(try actions(policies.role) == session)
        #expect(try actions(policies.poster) == ["s3:PutObject"])
        #expect(try actions(policies.posterAtBucket(user)) == ["s3:PutObject"])
        let trust = try #require(try statements(policies.trust(broker: user)).first)
        #expect(trust["Principal"] as? [String: [String]] == ["AWS": [user]])
        #expect(trust["Condition"] as? [String: [String: String]] == ["Null": ["aws:TokenIssueTime": "true"]])
        // A list is a right at the bucket, the others are rights at its objects.
        for statement in try statements(policies.role) {
            let isList = statement["Action"] as? String == "s3:ListBucket"
            #expect(statement["Resource"] as? String == "arn:aws:s3:::\(bucket)" + (isList ? "" : "/*"))
        }
    }

    @Test(
        "The steps are shown without a secret, and end with the lines for the settings",
        arguments: StoreSetup.Kind.allCases
    )
    func text(kind: StoreSetup.Kind) throws {
        let text = try setup(kind.rawValue).text
        #expect(text.contains("node = name=chains endpoint=https://s3.example.org bucket=chains region=us-east-1"))
        switch kind {
        case .seaweedfs: #expect(text.contains("{broker.secret}") && text.contains("Write:chains"))
        case .ceph:
            #expect(text.contains("call=role:arn:aws:iam:::role/chains-sessions"))
            #expect(
                text.contains(
                    "radosgw-admin user create --uid=chains-admin --display-name=chains-admin '--caps=roles=*'"
                )
            )
            #expect(text.contains(#""Condition":{"Null":{"aws:TokenIssueTime":"true"}}"#))
        case .aws:
            #expect(text.contains("never tried on AWS itself"))
            #expect(
                text.contains(
                    "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
                )
            )
            #expect(text.contains("sts=https://sts.us-east-1.amazonaws.com"))
            #expect(!text.contains("put-bucket-lifecycle") && !text.contains("put-bucket-versioning"))
        }
    }

    @Test("AWS has its own address, and a region other than the first is told when the bucket is made")
    func region() throws {
        let setup = try StoreSetup(
            SettingsReader(arguments: ["--setup", "aws", "--bucket", "chains", "--region", "eu-west-1"])
        )
        #expect(setup.address.endpoint == "https://s3.eu-west-1.amazonaws.com")
        #expect(setup.text.contains("--create-bucket-configuration LocationConstraint=eu-west-1"))
    }

    @Test(
        "Options that can't be right are refused",
        arguments: [
            ["--setup", "s3", "--bucket", "chains", "--endpoint", "https://a"], ["--setup", "ceph"],
            ["--setup", "ceph", "--bucket", "chains"], ["--setup", "ceph", "--bucket", "a", "--endpoint", "https://a"],
            ["--setup", "aws", "--bucket", "a'b c", "--endpoint", "https://a"],
            ["--setup", "aws", "--bucket", "chains", "--endpoint", "https://a/b"],
            ["--setup", "aws", "--bucket", String(repeating: "b", count: 55)],
        ]
    )
    func wrong(arguments: [String]) throws {
        #expect(throws: SettingsFault.self) { try StoreSetup(SettingsReader(arguments: arguments)) }
    }

    // MARK: Real stores

    /// Runs `--setup … --apply`, and holds that nothing it says is in a file of keys.
    private func apply(_ arguments: [String], _ folder: String, variables: [String: String] = [:]) async throws -> (
        code: Int32, told: String
    ) {
        let run = try Running(
            ["--setup"] + arguments + ["--keys-folder", folder, "--apply"],
            of: Service.path,
            variables: variables
        )
        let code = await run.end()
        let told = await run.output() + run.errors()
        for name in ["admin", "broker", "poster", "sts"] {
            let path = "\(folder)/\(name)"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            for line in text.split(separator: "\n") { #expect(!told.contains(line)) }
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        return (code, told)
    }

    /// Checks what was set up, and lets a device of a new chain write by the service.
    private func use(_ told: String) async throws {
        let lines = told.split(separator: "\n").filter { $0.contains(" = ") }.joined(separator: "\n")
        let settings = try scratch.file("settings", lines + "\nregistration = open\n")
        let arguments = [
            "--config", settings, "--listen", "127.0.0.1:0", "--host", "keys.example.org", "--store",
            scratch.path + "/accounts",
        ]
        let check = try Running(arguments + ["--check"], of: Service.path)
        let code = await check.end()
        let output = await check.output()
        #expect(code == 0, "\(output)")
        let service = try await Service(arguments)
        let seed = SyncSeed.random()
        let answer = try await service.credentials(seed.userID, by: seed)
        #expect(answer.status == 200)
        let (probe, keys, form, prefix) = try service.probe(answer)
        #expect(await probe.post(try #require(form), name: prefix + "notes/a")?.isDone == true)
        #expect(await probe.list(prefix, keys)?.body.contains(prefix + "notes/a") == true)
        try await service.end()
    }

    @Test(
        "A SeaweedFS is set up by the command, passes the check, and a device writes there",
        .enabled(if: StoreTools.weed != nil, StoreTools.hint)
    )
    func seaweedFS() async throws {
        let folder = scratch.path + "/keys"
        let before = try await apply(
            ["seaweedfs", "--bucket", "chains", "--endpoint", "http://127.0.0.1:1"],
            folder
        )
        #expect(before.code == 40)
        #expect(before.told.contains("does not answer"))
        let broker = try String(contentsOfFile: folder + "/broker", encoding: .utf8)
        let store = try await LiveStore.seaweedFS(
            identities: String(contentsOfFile: folder + "/s3.json", encoding: .utf8),
            policies: String(contentsOfFile: folder + "/iam.json", encoding: .utf8),
            bucket: nil
        )
        defer { store.stop() }
        for _ in 0..<2 {
            let (code, told) = try await apply(
                ["seaweedfs", "--bucket", "chains", "--endpoint", store.endpoint],
                folder
            )
            #expect(code == 0, "\(told)")
            #expect(told.contains("kept \(folder)/broker"))
            #expect(try String(contentsOfFile: folder + "/broker", encoding: .utf8) == broker)
            try await use(told)
        }
    }

    @Test(
        "Ceph is set up by the command, passes the check, and a device writes there",
        .enabled(if: StoreTools.hasCephTools, "scripts/stores starts Ceph and says how radosgw-admin reaches it")
    )
    func ceph() async throws {
        let store = try await LiveStore.shared()
        let folder = scratch.path + "/keys"
        let bucket = "setup-\(UInt32.random(in: 0...(.max)))"
        for _ in 0..<2 {
            let (code, told) = try await apply(["ceph", "--bucket", bucket, "--endpoint", store.endpoint], folder)
            #expect(code == 0, "\(told)")
            try await use(told)
        }
        // Keys that were lost come from the user who is there.
        let broker = try String(contentsOfFile: folder + "/broker", encoding: .utf8)
        try FileManager.default.removeItem(atPath: folder + "/broker")
        #expect(try await apply(["ceph", "--bucket", bucket, "--endpoint", store.endpoint], folder).code == 0)
        #expect(try String(contentsOfFile: folder + "/broker", encoding: .utf8) == broker)
    }

    @Test("On AWS the commands that were shown are run, and keys that they print go into files alone")
    func aws() async throws {
        let tools = scratch.path + "/tools"
        try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
        // Stands for the real program: it notes its arguments, and answers as documented.
        _ = try scratch.file(
            "tools/aws",
            """
            #!/bin/sh
            printf '%s\\n' "$*" >>"$0.log"
            case "$*" in
            *create-user*broker*) echo 'An error occurred (EntityAlreadyExists): there' >&2; exit 254 ;;
            *create-access-key*broker) echo '{"AccessKey": {"AccessKeyId": "AKIABROKER", "SecretAccessKey": "broker+made"}}' ;;
            *create-access-key*poster) echo '{"AccessKey": {"AccessKeyId": "AKIAPOSTER", "SecretAccessKey": "poster+made"}}' ;;
            *put-user-policy*poster*) [ ! -e "$0.fails" ] || { echo 'AccessDenied' >&2; exit 254; } ;;
            esac
            """
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: tools + "/aws")
        let path = ["PATH": tools + ":/usr/bin:/bin"]
        let folder = scratch.path + "/keys"
        _ = try scratch.file("tools/aws.fails", "")
        let failed = try await apply(["aws", "--bucket", "chains"], folder, variables: path)
        #expect(failed.code == 40)
        #expect(failed.told.contains("put-user-policy") && failed.told.contains("AccessDenied"))
        try FileManager.default.removeItem(atPath: tools + "/aws.fails")
        try FileManager.default.removeItem(atPath: tools + "/aws.log")
        try FileManager.default.removeItem(atPath: folder + "/broker")
        let (code, told) = try await apply(["aws", "--bucket", "chains"], folder, variables: path)
        #expect(code == 0, "\(told)")
        #expect(try String(contentsOfFile: folder + "/broker", encoding: .utf8) == "AKIABROKER\nbroker+made\n")
        #expect(try String(contentsOfFile: folder + "/poster", encoding: .utf8) == "AKIAPOSTER\nposter+made\n")
        let ran = try String(contentsOfFile: tools + "/aws.log", encoding: .utf8).split(separator: "\n")
        let setup = try StoreSetup(
            SettingsReader(arguments: ["--setup", "aws", "--bucket", "chains", "--keys-folder", folder])
        )
        let shown = setup.text.split(separator: "\n").filter { $0.hasPrefix("aws ") }
            .map { $0.split(separator: "   #")[0].dropFirst(4) }
        #expect(ran == shown)
        let absent = try await apply(
            ["aws", "--bucket", "other"],
            scratch.path + "/other",
            variables: ["PATH": scratch.path]
        )
        #expect(absent.code == 40)
        #expect(absent.told.contains("aws can't be started"))
    }
}
