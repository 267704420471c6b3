"""The runner object that a release names."""

from tilebox.workflows import Runner

from tile_mosaic import hazards, mosaic

runner = Runner(
    tasks=[
        mosaic.BuildMosaic,
        mosaic.FetchTile,
        mosaic.MergeTiles,
        mosaic.DrawThumbnail,
        mosaic.PublishMosaic,
        hazards.AskService,
        hazards.AskServiceOverHttp,
        hazards.UseCache,
        hazards.EndProcess,
        hazards.LeaveFile,
        hazards.SubmitElsewhere,
        hazards.SubmitMany,
        hazards.ReadTime,
        hazards.Chatter,
    ]
)
