package import EasySetupSeed

/// The policy of a session: what a device may do at the store besides writing, which goes through forms
/// (`Protocol/credentials.md`, "Rights").
///
/// It is written without spaces, because stores take 2,048 characters, and some end when they get more.
package struct SessionPolicy: Hashable, Sendable {
    /// The policy as JSON.
    package let text: String

    /// The most characters that a store takes.
    package static let maximumCharacters = 2_048

    /// The prefix of a chain in the bucket. It ends with a slash, so that no chain's prefix is the beginning of
    /// another's.
    package static func prefix(of user: UserID) -> String { "1/\(UserIDText.write(user))/" }

    /// The policy of a device with the seed: list, get and delete in all of its chain's prefix.
    package init(member user: UserID, bucket: String) {
        let prefix = Self.prefix(of: user)
        text = Self.document([
            Self.list(bucket, [prefix]),
            #"{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::\#(bucket)/\#(prefix)*"}"#,
        ])
    }

    /// The policy of a device with a certificate: it lists its collections, and deletes nothing. It gets nothing
    /// either, because all data are in the names; without that right three times as many collections fit.
    /// - Throws: ``Refusal/Code/tooManyCollections`` when they don't fit. A device that could see only some of its
    ///   collections would take the others for empty.
    package init(device rights: DeviceRights, of user: UserID, bucket: String) throws(Refusal) {
        let most = Self.collections(bucket: bucket)
        guard rights.collections.count <= most else { throw Refusal(.tooManyCollections, most: most) }
        let prefix = Self.prefix(of: user)
        text = Self.document([Self.list(bucket, rights.collections.map { prefix + $0.id + "/" })])
    }

    /// How many collections fit into the policy of a device: at least 26, whatever the bucket's name.
    package static func collections(bucket: String) -> Int {
        // `"1/`, 43 characters, `/`, 16 characters, `/*"`, and a comma.
        let each = 3 + UserIDText.length + 1 + 16 + 3 + 1
        return (maximumCharacters - document([list(bucket, [])]).utf8.count + 1) / each
    }

    private static func document(_ statements: [String]) -> String {
        #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
    }

    private static func list(_ bucket: String, _ prefixes: [String]) -> String {
        let patterns = prefixes.map { "\"\($0)*\"" }.joined(separator: ",")
        return #"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::\#(bucket)","#
            + #""Condition":{"StringLike":{"s3:prefix":[\#(patterns)]}}}"#
    }
}
