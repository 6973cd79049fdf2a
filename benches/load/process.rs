//! What a process and its children take, as Linux tells it in /proc.

use std::{collections::HashMap, fs};

/// A process, with the children that it may have.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

/// The processor time that this program itself used, in seconds.
pub fn own_time() -> f64 {
    seconds(
        stat(std::process::id()).into_iter().flat_map(|fields| fields.into_iter().skip(11).take(2)),
    )
}

fn seconds(ticks: impl Iterator<Item = String>) -> f64 {
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, …
fn stat(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

impl Process {
    /// The process and all that descend from it.
    fn tree(self) -> Vec<u32> {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        for id in all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            let parent = stat(id).and_then(|fields| fields.get(1)?.parse().ok());
            children.entry(parent.unwrap_or_default()).or_default().push(id);
        }
        let mut tree = vec![self.0];
        let mut next = 0;
        while let Some(id) = tree.get(next) {
            tree.extend(children.remove(id).unwrap_or_default());
            next += 1;
        }
        tree
    }

    /// The processor time that all of them used, and children that have ended, in seconds.
    pub fn processor_time(self) -> f64 {
        let all = self.tree().into_iter().filter_map(stat);
        seconds(all.flat_map(|fields| fields.into_iter().skip(11).take(4)))
    }

    /// What all of them have in memory now, in MiB. What they share is counted for each.
    pub fn resident(self) -> f64 {
        self.tree().into_iter().filter_map(|id| status(id, "VmRSS:")).sum()
    }

    /// The most that the process itself had in memory since it began, in MiB.
    pub fn resident_peak(self) -> f64 {
        status(self.0, "VmHWM:").unwrap_or(f64::NAN)
    }
}

fn status(id: u32, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
