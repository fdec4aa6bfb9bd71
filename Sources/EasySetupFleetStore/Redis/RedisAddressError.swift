/// The reason why a text is no address of a Redis server. It contains no part of the text, which may have a password.
package enum RedisAddressError: Error, Hashable, Sendable {
    case scheme, account, host, port, database
    /// The name that sentinels have for the group of servers.
    case master
    /// A query or a fragment, which nothing here reads.
    case rest

    /// The reason as the end of a sentence about the address.
    package var words: String {
        switch self {
        case .scheme: "it begins with none of redis://, rediss://, redis+sentinel:// and rediss+sentinel://"
        case .account: "its user or password is not percent-encoded UTF-8, or a user has no name"
        case .host: "it has no host, or one that can't be a name or an IP address"
        case .port: "its port is not a number from 1 to 65535"
        case .database: "what follows its host is not the number of a database"
        case .master: "after the sentinels comes no name of 1 to 64 letters, digits, dots, hyphens and underscores"
        case .rest: "it has a query or a fragment"
        }
    }
}
