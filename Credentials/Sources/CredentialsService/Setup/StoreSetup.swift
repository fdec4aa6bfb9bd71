package import EasySetupS3

/// The steps that make a bucket, two identities and their rights at a store, for review or to be taken.
package struct StoreSetup: Sendable {
    /// The kinds of stores.
    package enum Kind: String, Sendable, CaseIterable {
        case seaweedfs, ceph, aws
    }

    /// The kind of store.
    package let kind: Kind
    /// The bucket and where it is.
    package let address: S3Address
    /// The folder for keys and policies.
    package let folder: String

    private let policies: StorePolicies

    /// The most characters of a bucket's name here: the names of identities begin with it, and have at most 64.
    package static let longestBucket = 54

    /// Reads the options of `--setup`.
    package init(_ reader: SettingsReader) throws(SettingsFault) {
        guard let kind = reader.text("setup").flatMap(Kind.init) else {
            throw SettingsFault("setup is seaweedfs, ceph or aws.")
        }
        guard let bucket = reader.text("bucket") else {
            throw SettingsFault("bucket is missing: say how the bucket is called.")
        }
        let region = reader.text("region") ?? "us-east-1"
        guard let endpoint = reader.text("endpoint") ?? (kind == .aws ? "https://s3.\(region).amazonaws.com" : nil)
        else { throw SettingsFault("endpoint is missing: say where the store is, as https://s3.example.org.") }
        guard bucket.utf8.count <= Self.longestBucket,
            let address = S3Address(endpoint: endpoint, region: region, bucket: bucket, allowsPlain: true)
        else {
            throw SettingsFault(
                "bucket has 3 to \(Self.longestBucket) lower-case letters, digits, hyphens and dots; endpoint is http:// or https://, a host and a port; region is a word."
            )
        }
        self.kind = kind
        self.address = address
        folder = reader.text("keys-folder") ?? "easysetup-\(bucket)"
        policies = StorePolicies(bucket: bucket)
    }

    private var bucket: String { address.bucket }
    private var broker: String { bucket + "-broker" }
    private var poster: String { bucket + "-poster" }
    private var admin: String { bucket + "-admin" }
    private var role: String { bucket + "-sessions" }

    /// The path of a file in the folder.
    package func path(_ name: String) -> String { "\(folder)/\(name)" }

    // MARK: Steps

    /// The steps in their order.
    package var steps: [SetupStep] {
        switch kind {
        case .seaweedfs: seaweedFS
        case .ceph: ceph
        case .aws: aws
        }
    }

    private var seaweedFS: [SetupStep] {
        [
            .say(
                "Keys are made once, and stay when this is run again. {admin.secret} and the like below stand for them."
            ),
            .makeKeys("admin"), .makeKeys("broker"), .makeKeys("poster"), .makeKeys("sts"),
            .say(
                """
                The identities. A SeaweedFS that has some already needs these three beside them. The poster's right is an \
                action, because SeaweedFS looks at no policy where a form comes in.
                """
            ),
            .file("s3.json", identities),
            .say("The broker's rights, and the 36 hours of its sessions."),
            .file("iam.json", iam),
            .say(
                """
                SeaweedFS reads both files when it starts: weed server -filer -s3 … -s3.config=\(path("s3.json")) \
                -s3.iam.config=\(path("iam.json")). The bucket is made once it runs with them.
                """
            ),
            .request(createBucket),
        ]
    }

    private var identities: String {
        """
        {"identities": [
          {"name": "\(admin)", "credentials": [{"accessKey": "{admin.access}", "secretKey": "{admin.secret}"}],
           "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
          {"name": "\(broker)", "credentials": [{"accessKey": "{broker.access}", "secretKey": "{broker.secret}"}],
           "policyNames": ["\(broker)"]},
          {"name": "\(poster)", "credentials": [{"accessKey": "{poster.access}", "secretKey": "{poster.secret}"}],
           "actions": ["Write:\(bucket)"]}]}

        """
    }

    private var iam: String {
        """
        {"sts": {"tokenDuration": "1h", "maxSessionLength": "36h", "issuer": "seaweedfs-sts", "signingKey": "{sts.secret64}"},
         "policy": {"defaultEffect": "Deny"},
         "policies": [{"name": "\(broker)", "document": \(policies.broker)}]}

        """
    }

    private var ceph: [SetupStep] {
        [
            .say("Three users. radosgw-admin makes their keys; CEPH_ARGS may say where the cluster is."),
            .command(cephUser(admin, caps: true), otherwise: cephInfo(admin), keys: "admin"),
            .command(cephUser(broker), otherwise: cephInfo(broker), keys: "broker"),
            .command(cephUser(poster), otherwise: cephInfo(poster), keys: "poster"),
            .say("The bucket, with the admin's keys. Its policy names the poster alone, and never the broker."),
            .request(createBucket),
            .file("bucket-policy.json", policies.posterAtBucket("arn:aws:iam:::user/\(poster)")),
            .request(
                SetupRequest(
                    .s3("PUT", "/\(bucket)", query: "policy", body: "bucket-policy.json"),
                    shown: aws("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", file("bucket-policy.json"))
                )
            ),
            .say("The role, which the broker assumes, and which no session can assume again."),
            .file("trust-policy.json", policies.trust(broker: "arn:aws:iam:::user/\(broker)")),
            .file("role-policy.json", policies.role),
            .request(
                SetupRequest(
                    .iam(
                        "CreateRole",
                        [
                            ("RoleName", .text(role)), ("MaxSessionDuration", .text("43200")),
                            ("AssumeRolePolicyDocument", .file("trust-policy.json")),
                        ]
                    ),
                    shown: aws(
                        "iam",
                        "create-role",
                        "--role-name",
                        role,
                        "--max-session-duration",
                        "43200",
                        "--assume-role-policy-document",
                        file("trust-policy.json")
                    ),
                    whenThere: .iam(
                        "UpdateAssumeRolePolicy",
                        [("RoleName", .text(role)), ("PolicyDocument", .file("trust-policy.json"))]
                    )
                )
            ),
            .request(
                SetupRequest(
                    .iam(
                        "PutRolePolicy",
                        [
                            ("RoleName", .text(role)), ("PolicyName", .text("sessions")),
                            ("PolicyDocument", .file("role-policy.json")),
                        ]
                    ),
                    shown: aws(
                        "iam",
                        "put-role-policy",
                        "--role-name",
                        role,
                        "--policy-name",
                        "sessions",
                        "--policy-document",
                        file("role-policy.json")
                    )
                )
            ),
        ]
    }

    private func cephUser(_ name: String, caps: Bool = false) -> [String] {
        ["radosgw-admin", "user", "create", "--uid=\(name)", "--display-name=\(name)"]
            + (caps ? ["--caps=roles=*"] : [])
    }

    private func cephInfo(_ name: String) -> [String] { ["radosgw-admin", "user", "info", "--uid=\(name)"] }

    private var aws: [SetupStep] {
        let place =
            address.region == "us-east-1"
            ? [] : ["--create-bucket-configuration", "LocationConstraint=\(address.region)"]
        let block =
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        return [
            .say(
                """
                These steps were never tried on AWS itself: the project has no account there. Look at what they say, and run \
                --check afterwards, which tries every right.
                """
            ),
            .say(
                """
                The bucket, closed to the public. It gets no lifecycle rule, which would delete records that are in use, and \
                no versions, which would keep what devices delete.
                """
            ),
            .command(
                ["aws", "s3api", "create-bucket", "--bucket", bucket, "--region", address.region] + place,
                accepts: "BucketAlreadyOwnedByYou"
            ),
            .command([
                "aws", "s3api", "put-public-access-block", "--bucket", bucket, "--region", address.region,
                "--public-access-block-configuration", block,
            ]),
            .say("The broker, which asks for sessions. A session has no more rights than it."),
            .file("broker-policy.json", policies.broker),
            .command(["aws", "iam", "create-user", "--user-name", broker], accepts: "EntityAlreadyExists"),
            .command([
                "aws", "iam", "put-user-policy", "--user-name", broker, "--policy-name", "broker", "--policy-document",
                file("broker-policy.json"),
            ]),
            .command(["aws", "iam", "create-access-key", "--user-name", broker], keys: "broker"),
            .say("The poster, which signs forms and may do nothing but put objects."),
            .file("poster-policy.json", policies.poster),
            .command(["aws", "iam", "create-user", "--user-name", poster], accepts: "EntityAlreadyExists"),
            .command([
                "aws", "iam", "put-user-policy", "--user-name", poster, "--policy-name", "poster", "--policy-document",
                file("poster-policy.json"),
            ]),
            .command(["aws", "iam", "create-access-key", "--user-name", poster], keys: "poster"),
        ]
    }

    private var createBucket: SetupRequest {
        SetupRequest(
            .s3("PUT", "/\(bucket)", query: nil, body: nil),
            shown: aws("s3api", "create-bucket", "--bucket", bucket)
        )
    }

    private func file(_ name: String) -> String { "file://" + path(name) }

    private func aws(_ words: String...) -> [String] { ["aws", "--endpoint-url", address.endpoint] + words }

    // MARK: Afterwards

    /// The lines for the file of settings.
    package var settings: String {
        var node = "name=\(bucket) endpoint=\(address.endpoint) bucket=\(bucket) region=\(address.region)"
        switch kind {
        case .seaweedfs: break
        case .ceph: node += " call=role:arn:aws:iam:::role/\(role)"
        case .aws: node += " sts=https://sts.\(address.region).amazonaws.com"
        }
        return """
            node = \(node)
            broker-file = \(path("broker"))
            poster-file = \(path("poster"))

            """
    }

    /// The steps as text, without a secret.
    package var text: String {
        var text = """
            # easysetup-credentials --setup \(kind.rawValue): what --apply does, in this order. Keys go into files that their owner alone may
            # read, in \(folder)/, and are never shown.

            """
        for step in steps { text += step.text(path) }
        text += """

            # Then these lines go into the settings of the service, which --check tries. Its user must be able to read both files of
            # keys, and nobody else. It needs the admin's keys never again.

            """
        return text + settings
    }
}
