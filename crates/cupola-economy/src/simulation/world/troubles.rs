//! What goes wrong with machines: workers that die, are cut off, come back and are shut out; a hub that
//! restarts.

use cupola_domain::lease::LEASE_TTL;

use super::{Event, HOUR, MINUTE, SECOND, World};

/// How long a hub is away when it restarts.
const RESTART: u64 = MINUTE;

impl World {
    pub(super) fn die(&mut self, name: u32, life: u32) {
        let worker = &mut self.fleet[name as usize];
        if worker.life != life || worker.is_gone {
            return;
        }
        worker.life += 1;
        worker.is_dead = true;
        worker.jobs.clear();
        self.hub.counts.deaths += 1;
        let until = self.now + self.chance.millis(10 * SECOND, 6 * HOUR);
        self.fall_silent(name, until);
    }

    pub(super) fn cut(&mut self, name: u32, life: u32) {
        let worker = &self.fleet[name as usize];
        if worker.life != life || worker.is_gone || self.now < worker.cut_until {
            return;
        }
        let until = self.now + self.chance.millis(5 * SECOND, 3 * HOUR);
        self.fleet[name as usize].cut_until = until;
        self.fall_silent(name, until);
    }

    fn fall_silent(&mut self, name: u32, until: u64) {
        let worker = &mut self.fleet[name as usize];
        worker.silence += 1;
        let silence = worker.silence;
        let ttl = u64::try_from(LEASE_TTL.as_millis()).unwrap_or(u64::MAX);
        let worker = name;
        self.push(self.now + ttl, Event::Overdue { worker, silence });
        self.push(until, Event::Back { worker, silence });
    }

    pub(super) fn back(&mut self, name: u32, silence: u32) {
        let worker = &mut self.fleet[name as usize];
        if worker.silence != silence {
            return;
        }
        worker.is_dead = false;
        if self.now < worker.cut_until {
            let at = worker.cut_until;
            let worker = name;
            return self.push(at, Event::Back { worker, silence });
        }
        worker.silence += 1;
        self.poll(name);
    }

    /// Leases get a fresh deadline when the hub was away.
    pub(super) fn overdue(&mut self, name: u32, silence: u32) {
        let ttl = u64::try_from(LEASE_TTL.as_millis()).unwrap_or(u64::MAX);
        if self.fleet[name as usize].silence != silence {
            return;
        }
        if self.now < self.down_until + ttl && self.down_until > 0 {
            let at = self.down_until + ttl;
            return self.push(
                at,
                Event::Overdue {
                    worker: name,
                    silence,
                },
            );
        }
        self.hub.expire(name, self.now);
    }

    /// Whoever was banned comes back under another name.
    pub(super) fn rejoin(&mut self, name: u32) {
        self.hub.counts.rejoined += 1;
        let owner = self.hub.add_owner();
        let worker = self.join(self.fleet[name as usize].kind, owner);
        self.poll(worker);
    }

    pub(super) fn restart_when_due(&mut self) {
        let total = self.faults.restarts;
        if self.restarts_left == 0 {
            return;
        }
        let done = u64::from(self.tasks - self.hub.open);
        let begun = u64::from(total - self.restarts_left) + 1;
        if done * u64::from(total + 1) >= begun * u64::from(self.tasks) {
            self.restarts_left -= 1;
            self.down_until = self.now + RESTART;
            self.push(self.down_until, Event::Up);
        }
    }

    pub(super) fn shut_out(&mut self, owner: u32) {
        let workers = self.hub.workers_of(owner).to_vec();
        for (at, name) in workers.into_iter().enumerate() {
            let worker = &mut self.fleet[name as usize];
            worker.is_gone = true;
            worker.life += 1;
            if at == 0 {
                *self.banned.entry(worker.kind).or_default() += 1;
            }
            let at = self.now + self.chance.millis(10 * MINUTE, HOUR);
            self.push(at, Event::Rejoin(name));
        }
    }
}
