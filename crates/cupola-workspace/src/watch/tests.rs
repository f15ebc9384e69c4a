use std::fs;

use rustix::{
    event::{EventfdFlags, eventfd},
    fd::AsFd as _,
};

use super::*;

#[test]
fn what_the_kernel_watches_no_more_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let places = BTreeMap::from([(Place::Root, folder.path().to_owned())]);
    let mut eyes = Eyes::open(folder.path(), Watching::Inotify);
    eyes.follow(places.clone());
    let all = BTreeSet::from([Noticed::At(Place::Root, None)]);
    assert_eq!(eyes.look_instead(places), all, "all is read once more");
    fs::create_dir(folder.path().join("experiments")).unwrap();
    let stop = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
    let noticed = eyes.wait(stop.as_fd()).unwrap();
    assert!(noticed.is_superset(&all), "{noticed:?}");
}
