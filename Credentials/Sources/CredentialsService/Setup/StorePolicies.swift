/// The policies of the two identities at a store, as JSON without spaces: stores count their characters.
package struct StorePolicies: Sendable {
    private let bucket: String

    /// The policies for a bucket.
    package init(bucket: String) {
        self.bucket = bucket
    }

    /// The rights of the broker where it asks for sessions by GetFederationToken. A session has no more than the broker,
    /// so it has the rights of sessions too; and none to put objects, because rights can't limit their size.
    package var broker: String {
        document([#"{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}"#] + sessionStatements)
    }

    /// The rights of a role whose sessions the broker asks for by AssumeRole.
    package var role: String { document(sessionStatements) }

    /// The trust policy of the role: the broker alone, and no session of it. Without the condition a session could
    /// assume the role again, and would then have all of its rights.
    package func trust(broker: String) -> String {
        document([
            #"{"Effect":"Allow","Principal":{"AWS":["\#(broker)"]},"Action":["sts:AssumeRole"],"#
                + #""Condition":{"Null":{"aws:TokenIssueTime":"true"}}}"#
        ])
    }

    /// The rights of the poster, which signs the forms.
    package var poster: String {
        document([#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::\#(bucket)/*"}"#])
    }

    /// The poster's rights as the policy of the bucket. It names no broker: the rights would be those of each session.
    package func posterAtBucket(_ poster: String) -> String {
        document([
            #"{"Effect":"Allow","Principal":{"AWS":["\#(poster)"]},"Action":["s3:PutObject"],"#
                + #""Resource":["arn:aws:s3:::\#(bucket)/*"]}"#
        ])
    }

    private var sessionStatements: [String] {
        [
            #"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::\#(bucket)"}"#,
            #"{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::\#(bucket)/*"}"#,
        ]
    }

    private func document(_ statements: [String]) -> String {
        #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
    }
}
