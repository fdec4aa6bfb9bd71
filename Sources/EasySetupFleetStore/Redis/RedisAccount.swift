/// As whom a relay speaks to a Redis server, and about which of its databases.
package struct RedisAccount: Sendable {
    /// The user; nil for the server's default one.
    package var user: String?
    package var password: RedisPassword?
    package var database: Int

    package init(user: String? = nil, password: RedisPassword? = nil, database: Int = 0) {
        (self.user, self.password, self.database) = (user, password, database)
    }
}
