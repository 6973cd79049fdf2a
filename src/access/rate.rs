//! How many requests a second a caller may make.

use std::{num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use super::Caller;

/// So many requests a second, written `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

const FORM: &str = "a rate is a whole number from 1 to 1000000 and `/s`, such as 50/s";

/// The largest rate, a second: above it there is nothing to limit.
const RATE_MAX: u32 = 1_000_000;

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let number = text.strip_suffix("/s").ok_or(FORM)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|rate: &NonZeroU32| rate.get() <= RATE_MAX);
        number.filter(|_| is_number).map(Self).ok_or(FORM)
    }
}

/// Holds each caller to a rate, with bursts of one second's worth. All keys of a user count together, and so do those of
/// the account and unsigned requests.
pub struct RateLimit(Limiter);

type Limiter = RateLimiter<Name, DefaultKeyedStateStore<Name>, Ticks, NoOpMiddleware<Duration>>;

/// The name of a user; `None` for the account itself.
type Name = Option<String>;

/// How much time has passed since some moment. It never runs backwards.
type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

#[derive(Clone)]
struct Ticks(Elapsed);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

impl RateLimit {
    pub fn new(rate: Rate, elapsed: Elapsed) -> Self {
        let state = DefaultKeyedStateStore::default();
        Self(RateLimiter::new(Quota::per_second(rate.0), state, Ticks(elapsed)))
    }

    /// Counts a request. If the caller has made too many: in how many milliseconds it may try again, at least 1.
    pub fn take(&self, caller: &Caller) -> Result<(), u64> {
        // Callers are users of the world file, so the map needs no cleaning.
        let name = caller.user().map(|user| user.name.clone());
        self.0.check_key(&name).map_err(|early| {
            let wait = early.wait_time_from(self.0.clock().now());
            u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::access::{Principal, User};

    #[test]
    fn a_rate_is_a_number_a_second() {
        for (text, number) in [("1/s", 1), ("50/s", 50), ("1000000/s", 1_000_000)] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.0.get(), number, "{text}");
        }
        for text in [
            "",
            "/s",
            "0/s",
            "-1/s",
            "+1/s",
            "1",
            "1/m",
            "1 /s",
            "1.5/s",
            "1000001/s",
            "99999999999/s",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(FORM), "{text:?}");
        }
    }

    #[test]
    fn each_caller_has_its_own_allowance() {
        let account = "1000000000000001".to_owned();
        let user =
            |name: &str| User { name: name.to_owned(), account: account.clone(), policies: vec![] };
        let user = |name: &str| Principal::User(Arc::new(user(name)));
        let caller = |principal| Caller { principal, access_key_id: None };
        let elapsed = Arc::new(Mutex::new(Duration::ZERO));
        let clock = Arc::clone(&elapsed);
        let limit =
            RateLimit::new("2/s".parse().unwrap(), Arc::new(move || *clock.lock().unwrap()));
        let callers = [user("a"), user("b"), Principal::Root].map(caller);
        for caller in &callers {
            assert_eq!((limit.take(caller), limit.take(caller)), (Ok(()), Ok(())));
            assert_eq!(limit.take(caller), Err(501));
        }
        let session = caller(Principal::Session(Arc::clone(callers[0].user().unwrap())));
        assert!(limit.take(&session).is_err(), "the user's own allowance is used up");
        assert!(limit.take(&Caller::ANONYMOUS).is_err(), "the account's own allowance is used up");
        *elapsed.lock().unwrap() += Duration::from_millis(501);
        for caller in &callers {
            assert_eq!(limit.take(caller), Ok(()));
            assert!(limit.take(caller).is_err());
        }
    }
}
