internal import Contracts

/// How a saved session goes on when its access token has ended: the refresh token is spent for a new pair, which is saved.
struct Refresh: Sendable {
    let profile: String
    let saved: Profile

    /// The new access token, or nil when the session cannot be continued.
    func renewed(by client: APIClient) async throws(CLIFailure) -> String? {
        // Another process may have refreshed since this one read the file: a refresh token works only once.
        let current = try ProfileStore.standard.load(self.profile) ?? self.saved
        guard current.accessToken == self.saved.accessToken else {
            return current.accessToken
        }
        guard let token = current.refreshToken else {
            return nil
        }
        let answer: JSON
        do {
            answer = try await client.post("/v1/sessions/refresh", ["refresh_token": .string(token)])
        } catch  where error.kind == .notPermitted || error.kind == .refusedData {
            return nil
        }
        guard let next = Profile(url: current.url, answer: answer) else {
            return nil
        }
        try ProfileStore.standard.save(next, as: self.profile)
        return next.accessToken
    }
}
