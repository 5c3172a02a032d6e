"""Every metric under the name it must always carry, and what a table has to say of it.

A name tells which network or tracker measured: eFID is not FID, AKD-mp is not AKD, and their values
never stand in one table with published ones without that name. FVD itself is not here: its I3D
network is only published as a program that would have to be run; eFVD takes its place.
"""

from pechead_live.evaluation.metrics.metric import Metric
from pechead_live.evaluation.metrics.names_over_time import OVER_TIME

_L1 = "Mean absolute difference of result and truth, pictures in [0, 1]"

METRICS: dict[str, Metric] = {
    "l1": Metric("L1", "", "lower", 4, f"{_L1}.", "FOMM, reconstruction.py"),
    "ms_ssim": Metric(
        "MS-SSIM", "", "higher", 4, "Structural similarity over five scales.", "Wang et al. 2003"
    ),
    "ssim": Metric(
        "SSIM", "", "higher", 4, "Structural similarity, 11 x 11 window.", "Wang et al. 2004"
    ),
    "psnr_db": Metric(
        "PSNR", "dB", "higher", 2, "10 log10(1 / MSE), mean over pictures.", "MCNet, metrics.py"
    ),
    "fid": Metric(
        "FID",
        "",
        "lower",
        1,
        "Fréchet distance of results and true pictures in Inception-v3's last pooling, with the "
        "standard weights, which the user gives.",
        "Heusel et al. 2017; pytorch-fid",
    ),
    "efid": Metric(
        "eFID",
        "",
        "lower",
        2,
        "The Fréchet distance of FID in EfficientNet-Lite0's 1280 features; compares only with "
        "eFID of equally many pictures.",
        "Heusel et al. 2017, another network",
    ),
    "efvd": Metric(
        "eFVD",
        "",
        "lower",
        2,
        "Fréchet distance of windows of 16 frames, each described by the mean, the deviation and "
        "the mean change of EfficientNet-Lite0's features; compares only with eFVD of equally "
        "many windows.",
        "after Unterthiner et al. 2018",
    ),
    "epd": Metric(
        "ePD",
        "",
        "lower",
        4,
        "Squared distance of the unit feature vectors of result and truth at five depths of "
        "EfficientNet-Lite0, without learned weights.",
        "after LPIPS, Zhang et al. 2018",
    ),
    "akd_mp_px": Metric(
        "AKD-mp",
        "px",
        "lower",
        2,
        "Mean absolute difference of 68 landmarks over points and axes, pixels of a 256 picture; "
        "MediaPipe's points in place of FAN's.",
        "pose-evaluation, cmp_kp.py",
    ),
    "csim_arcface": Metric(
        "CSIM-ArcFace",
        "",
        "higher",
        4,
        "Cosine of the embeddings of portrait and result by the ArcFace network that the user "
        "gives.",
        "OSFV; Deng et al. 2019",
    ),
    "csim_dlib": Metric(
        "CSIM-dlib",
        "",
        "higher",
        4,
        "Cosine of the embeddings of portrait and result; dlib's network in place of ArcFace.",
        "OSFV; King 2017",
    ),
    "distance_dlib": Metric(
        "dlib distance",
        "",
        "lower",
        3,
        "Euclidean distance of the same embeddings; below 0.6 dlib takes two pictures for one "
        "person.",
        "King 2017",
    ),
    "ard_deg": Metric(
        "ARD",
        "°",
        "lower",
        2,
        "Mean absolute difference of the three Euler angles of driver and result.",
        "HeadGAN",
    ),
    "are_front_deg": Metric(
        "ARE front",
        "°",
        "lower",
        2,
        "Mean absolute Euler angle of results that were asked to face the camera.",
        "HeadGAN",
    ),
    "are_pose_deg": Metric(
        "ARE turn",
        "°",
        "lower",
        2,
        "Mean absolute difference of the Euler angles that were asked for and the result's.",
        "HeadGAN",
    ),
    "auh": Metric(
        "AUH",
        "",
        "lower",
        4,
        "Share of 20 facial action units, read off the 52 expressions, that are present in the "
        "driver's or the result's frame only; present is 0.1 above the driver's median.",
        "HeadGAN; in place of OpenFace's units",
    ),
    "lips_shut": Metric(
        "lips shut",
        "",
        "higher",
        2,
        "Of the driver's frames with lips that meet, the share where they meet in the result.",
        "this project",
    ),
    "lips_open": Metric(
        "lips open",
        "",
        "higher",
        2,
        "Of the driver's frames with parted lips, the share with parted lips in the result.",
        "this project",
    ),
    "eyes_shut": Metric(
        "eyes shut",
        "",
        "higher",
        2,
        "Of the driver's frames with shut eyes, the share with shut eyes in the result.",
        "this project",
    ),
    "eyes_open": Metric(
        "eyes open",
        "",
        "higher",
        2,
        "Of the driver's frames with open eyes, the share with open eyes in the result.",
        "this project",
    ),
    "l1_face": Metric("L1 face", "", "lower", 4, f"{_L1}, in the face's box.", "this project"),
    "l1_mouth": Metric("L1 mouth", "", "lower", 4, f"{_L1}, in the lips' box.", "this project"),
    "l1_eyes": Metric("L1 eyes", "", "lower", 4, f"{_L1}, in the eyes' boxes.", "this project"),
    "l1_body": Metric(
        "L1 body",
        "",
        "lower",
        4,
        f"{_L1}, on the person outside the face's box: hair, neck and shoulders, as the matte of "
        "the clip's first frame has the person.",
        "this project",
    ),
    **OVER_TIME,
}
"""Key, as records and files have it, to metric."""
