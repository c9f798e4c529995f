/// Knows which tenant a read connection is set to, while many requests are in its pipeline. Performs no I/O.
///
/// A `set_config` takes effect only if its sync group succeeds; where the group fails, the setting falls back to what
/// it was before. A request that relies on a setting still in flight would therefore run as another tenant if that
/// setting's own group failed. So a request goes without one only if the setting is *confirmed*, by an answered group,
/// and every setting still in flight sets the same scope: then each of them can only set it again or leave it.
struct ScopeStateMachine {
    /// The scope that an answered group proved.
    private var confirmed: TenantScope?
    /// The one scope of all settings in flight, if they agree.
    private var pending: TenantScope?
    private var pendingCount = 0
    private var pendingDiffer = false

    /// Whether a request of `scope`, sent now, runs as `scope` without setting it.
    func isCertain(of scope: TenantScope) -> Bool {
        self.confirmed == scope && (self.pendingCount == 0 || (!self.pendingDiffer && self.pending == scope))
    }

    /// Which scope the connection most likely has, to choose a connection by.
    var likely: TenantScope? { self.pendingCount > 0 ? self.pending : self.confirmed }

    /// A group that sets the scope was sent.
    mutating func sent(_ scope: TenantScope) {
        if self.pendingCount > 0, self.pending != scope { self.pendingDiffer = true }
        self.pending = scope
        self.pendingCount += 1
    }

    /// A group was answered. Groups are answered in the order they were sent.
    mutating func answered(_ scope: TenantScope, hadSetting: Bool, failed: Bool) {
        if hadSetting {
            self.pendingCount -= 1
            if self.pendingCount == 0 {
                self.pending = nil
                self.pendingDiffer = false
            }
        }
        if failed {
            // A failure proves nothing: the next request sets the scope again.
            self.confirmed = nil
        } else if hadSetting {
            self.confirmed = scope
        }
    }
}
